package ruleset

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"touchgate.dev/touch"
)

// ruleKind is a kind of rule.
type ruleKind struct {
	key    string         // the YAML key that it stands under
	decide touch.Decision // unless the rule has an else
	read   func(c *ruleReader, n *yaml.Node, r *rule) check
	// about and example are what the reference says.
	about, example string
}

// kinds is the closed list of rule kinds.
func kinds() []ruleKind {
	return []ruleKind{
		{
			key: "hours", decide: touch.DecisionDefer, read: readHours,
			about:   "The weekly table must be open where the customer is. Days are `mon` to `sun`, ranges, lists with commas, `daily`, `holiday`, `eve` (of a holiday) and `workday` (a weekend day made a working day); a day that is not named is closed. A holiday's hours replace all others, and an eve's those of the day. Neither opens a day that is closed by its name (`sun: []`), and an eve opens no closed day at all; only `workday` opens a weekend. Holidays, eves and working days need a calendar. Windows are from, inclusive, to, exclusive. `margin` closes each earlier.",
			example: `{id: night, when: category == "marketing", hours: {mon-fri: ["09:00-12:00", "14:00-20:00"], sat: ["10:00-17:00"], holiday: [], margin: 30s}}`,
		},
		{
			key: "own", decide: touch.DecisionDefer, read: readPreferences,
			about:   "The customer's own wishes: `quiet` names the preference that holds blocked hours (`22:00-07:00; sat,sun 00:00-12:00`), `hold` the preference or attribute that holds an instant or a date before which nothing goes out.",
			example: `{id: wishes, own: {quiet: quiet_hours}}`,
		},
		{
			key: "cap", decide: touch.DecisionDefer, read: readCap,
			about:   "Fewer than `limit` contacts within `per`, or several such `limits` at once. `by` narrows the count to the same subject, campaign, address, caller, template, channel, method (calls, texts, app) or category, or to `other_channels` or `other_methods` than the leg's; `of` says which categories and channels count, and takes over the whole condition: see below. `count` is how far a contact must have come, for all channels or for each: see below. `start: ranked` keeps places for the customer's touches of higher priority that wait (due or not, in campaigns that run): a touch starts only if each of them still finds its place at its own time; otherwise it stands back, and is judged again when that one has had its turn, has ended or has expired. A limit of 1 is a spacing; with `by: [other_channels]` and `per: week` it keeps channels apart; `forever` makes it once only.",
			example: `{id: weekly, when: category == "marketing", cap: {limits: [{limit: 1, per: 4h}, {limit: 3, per: 7d}], by: [subject]}}`,
		},
		{
			key: "cooldown", decide: touch.DecisionDefer, read: readCooldown,
			about:   "No contact for a span after an outcome. `by` (as of a cap) and `of` narrow which outcomes count: without `of`, those of the contacts that the condition holds for, as a cap counts them; see below. `times` and `within` say how many it takes; `grace` is how long it may take to begin; `lifted_by` names the scopes whose later consent ends it.",
			example: `{id: refused, when: category == "marketing", cooldown: {after: [refused, opt_out], for: 60 full days, by: [subject], lifted_by: "marketing:{channel}"}}`,
		},
		{
			key: "require", decide: touch.DecisionRefuse, read: readRequire,
			about:   "A condition must hold; consent is the usual one.",
			example: `{id: consent, when: category == "marketing", require: consented("marketing:" + channel)}`,
		},
		{
			key: "absent_from", decide: touch.DecisionRefuse, read: readAbsent,
			about:   "Customer and address are on none of the lists. `grace` is how long after its listing an entry may be ignored, `for` after how long it lapses by its age (without it, it stays until it ends), `checked_within` how old our knowledge of the register may be (attribute `checked:` and the list's name), `lifted_by` names the scopes whose consent, given after the listing, lifts it (with `unless: consented(…)` an earlier one does too). Names may hold " + strings.Join(placeholders, ", ") + ".",
			example: `{id: register, when: category == "marketing", absent_from: {lists: [national-dnc], grace: 28 days}, unless: consented("marketing")}`,
		},
		{
			key: "duty", decide: touch.DecisionRefuse, read: readObligation,
			about:   "The leg's template fulfils the duty; an allowed verdict carries it.",
			example: `{id: opt-out-text, when: category == "marketing" && channel == "sms", duty: opt-out-text}`,
		},
		{
			key: "holdout", decide: touch.DecisionRefuse, read: readHoldout,
			about:   "A share of the customers, chosen by the hash of `key`, is left alone until the rule ends, to measure by; `by: [campaign]` chooses anew for each campaign.",
			example: `{id: control, when: category == "marketing", until: 2027-01-01, holdout: {share: 5%, key: winter-2026}}`,
		},
		{
			key: "ratio", decide: touch.DecisionDefer, read: readRatio,
			about:   "In the touch's campaign, contacts that ended in `of` are at most `max` of those that ended in `over`, within `per`, once there are `at_least` so many.",
			example: `{id: abandoned, when: channel == "ai_call", ratio: {of: abandoned, over: connected, max: 3%, per: 30 days, at_least: 100}}`,
		},
		{
			key: "uncounted", decide: touch.DecisionAllow, read: readExempt,
			about:   "Contacts that match are kept out of every count, and no cap holds them back: notices that a law demands. It cannot hide from a floor, unless it is part of one.",
			example: `{id: statutory, when: template == "annual-notice", uncounted: true}`,
		},
	}
}

var commonKeys = []string{"id", "title", "when", "unless", "else", "shadow", "from", "until", "presumption"}

// rule reads one rule. It returns nil if there is nothing to keep.
func (c *compiler) rule(n *yaml.Node) *rule {
	all := kinds()
	var kindKeys []string
	for _, k := range all {
		kindKeys = append(kindKeys, k.key)
	}
	f := c.fields(n, append(slices.Clone(commonKeys), kindKeys...)...)
	if n.Kind != yaml.MappingNode {
		return nil
	}

	r := &rule{doc: c.doc, line: n.Line}
	r.id = c.name(f["id"], n, "the rule")
	r.shadow = c.bool(f["shadow"]) || c.doc.shadow
	c.text(f["title"])
	r.from, r.until = c.period(f["from"], f["until"])
	r.when = c.condition(f["when"])
	r.unless = c.condition(f["unless"])
	r.presumption = c.presumption(f["presumption"])
	if r.when != nil && r.when.May() == 0 {
		c.fault(f["when"], "", "the condition is never true, for no category and channel")
	}
	if c.doc.mandatory && (r.shadow || (r.presumption != nil && r.presumption.by != "")) {
		c.fault(n, "", "a rule of a floor binds: it has no shadow and no sign-off")
	}

	kind := c.kindOf(n, f, all, r.id)
	if kind == nil {
		return nil
	}
	r.kind = kind.key
	r.decide = c.decision(f["else"], kind.decide)
	r.check = kind.read(&c.ruleReader, f[kind.key], r)
	return r
}

// kindOf finds the one kind that a rule's keys name.
func (c *compiler) kindOf(n *yaml.Node, f map[string]*yaml.Node, all []ruleKind, id string) *ruleKind {
	var found *ruleKind
	var keys []string
	for i := range all {
		key := all[i].key
		keys = append(keys, key)
		switch {
		case f[key] == nil:
		case found == nil:
			found = &all[i]
		default:
			c.fault(f[key], "make it a rule of its own", "a rule asks for one thing; this one has both %s and %s", found.key, key)
		}
	}
	if found == nil {
		c.fault(n, "one of "+strings.Join(keys, ", "), "the rule %q asks for nothing", id)
	}
	return found
}
