package policies

import (
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"touchgate.dev/touch"
)

// rule is one line of a document, compiled.
type rule struct {
	id          string
	kind        string // as findings name it
	doc         *document
	line        int        // in the document's file
	when        *condition // nil: always
	unless      *condition // nil: never excused
	decide      touch.Decision
	from, until moment
	shadow      bool
	demand      demand
	presumption *signOff
	waivers     []waiver
}

// demand is what a rule asks for; one type for each kind of rule.
type demand interface {
	// holds says from when on the demand may hold: e.t itself when it holds
	// now, an instant before which it surely does not, or never (the zero
	// time). It notes when that answer may change by itself, and writes what
	// it saw into f, unless f is nil.
	holds(e *evaluation, r *rule, f *touch.Finding) time.Time
}

// signOff is a named person's word that a presumption may be set aside.
type signOff struct {
	by     string // "" until somebody has signed
	reason string
	until  moment
}

// waiver sets a rule aside for a time.
type waiver struct {
	by          string
	from, until moment
	when        *condition
}

// ruleKind is a kind of rule: the key it stands under, its default decision,
// how to read it, and what the reference says of it.
type ruleKind struct {
	key            string
	decide         touch.Decision
	read           func(c *compiler, n *yaml.Node, r *rule) demand
	about, example string
}

// kinds is the closed list of rule kinds.
func kinds() []ruleKind {
	return []ruleKind{
		{"hours", touch.DecisionDefer, readHours,
			"The weekly table must be open where the customer is. Days are `mon` to `sun`, ranges, lists with commas, `daily`, `holiday`, `eve` (of a holiday) and `workday` (a weekend day made a working day); a day that is not named is closed. Windows are from, inclusive, to, exclusive. `margin` closes each earlier.",
			`{id: night, when: category == "marketing", hours: {mon-fri: ["09:00-12:00", "14:00-20:00"], sat: ["10:00-17:00"], holiday: [], margin: 30s}}`},
		{"own", touch.DecisionDefer, readOwn,
			"The customer's own wishes: `quiet` names the preference that holds blocked hours (`22:00-07:00; sat,sun 00:00-12:00`), `hold` the preference or attribute that holds an instant or a date before which nothing goes out.",
			`{id: wishes, own: {quiet: quiet_hours}}`},
		{"cap", touch.DecisionDefer, readCap,
			"Fewer than `limit` contacts within `per`, or several such `limits` at once. `by` narrows the count to the same subject, campaign, address, caller, template, channel, method (calls, texts, app) or category, or to `other_channels` or `other_methods` than the leg's; `of` says which categories and channels count (as the condition, where absent); `count` how far a contact must have come: attempts (all), delivered, connected, conversations. `start: ranked` keeps places for the customer's touches of higher priority that wait (due or not, in campaigns that run): a touch starts only if each of them still finds its place at its own time; otherwise it stands back, and is judged again when that one has had its turn, has ended or has expired. A limit of 1 is a spacing; with `by: [other_channels]` and `per: week` it keeps channels apart; `forever` makes it once only.",
			`{id: weekly, when: category == "marketing", cap: {limits: [{limit: 1, per: 4h}, {limit: 3, per: 7d}], by: [subject]}}`},
		{"cooldown", touch.DecisionDefer, readCooldown,
			"No contact for a span after an outcome. `by` (as of a cap) and `of` narrow which outcomes count; `times` and `within` say how many it takes; `grace` is how long it may take to begin; `lifted_by` names the scopes whose later consent ends it.",
			`{id: refused, when: category == "marketing", cooldown: {after: [refused, opt_out], for: 60 full days, by: [subject], lifted_by: "marketing:{channel}"}}`},
		{"require", touch.DecisionRefuse, readRequire,
			"A condition must hold; consent is the usual one.",
			`{id: consent, when: category == "marketing", require: consented("marketing:" + channel)}`},
		{"absent_from", touch.DecisionRefuse, readAbsent,
			"Customer and address are on none of the lists. `grace` is how long after its listing an entry may be ignored, `checked_within` how old our knowledge of the register may be (attribute `checked:` and the list's name), `lifted_by` names the scopes whose consent, given after the listing, lifts it (with `unless: consented(…)` an earlier one does too). Names may hold " + strings.Join(placeholders, ", ") + ".",
			`{id: register, when: category == "marketing", absent_from: {lists: [national-dnc], grace: 28 days}, unless: consented("marketing")}`},
		{"duty", touch.DecisionRefuse, readDuty,
			"The leg's template fulfils the duty; an allowed verdict carries it.",
			`{id: opt-out-text, when: category == "marketing" && channel == "sms", duty: opt-out-text}`},
		{"holdout", touch.DecisionRefuse, readHoldout,
			"A share of the customers, chosen by the hash of `key`, is left alone until the rule ends, to measure by; `by: [campaign]` chooses anew for each campaign.",
			`{id: control, when: category == "marketing", until: 2027-01-01, holdout: {share: 5%, key: winter-2026}}`},
		{"ratio", touch.DecisionDefer, readRatio,
			"In the touch's campaign, contacts that ended in `of` are at most `max` of those that ended in `over`, within `per`, once there are `at_least` so many.",
			`{id: abandoned, when: channel == "ai_call", ratio: {of: abandoned, over: connected, max: 3%, per: 30 days, at_least: 100}}`},
		{"uncounted", touch.DecisionAllow, readUncounted,
			"Contacts that match are kept out of every count, and no cap holds them back: notices that a law demands. It cannot hide from a floor, unless it is part of one.",
			`{id: statutory, when: template == "annual-notice", uncounted: true}`},
	}
}

var commonKeys = []string{"id", "title", "when", "unless", "else", "shadow", "from", "until", "presumption"}

// rule reads one rule.
func (c *compiler) rule(n *yaml.Node) *rule {
	all := kinds()
	keys := slices.Clone(commonKeys)
	var kindKeys []string
	for _, k := range all {
		kindKeys = append(kindKeys, k.key)
	}
	f := c.fields(n, append(keys, kindKeys...)...)
	if n.Kind != yaml.MappingNode {
		return nil
	}
	r := &rule{doc: c.doc, line: n.Line, id: c.name(f["id"], n, "the rule"), shadow: c.bool(f["shadow"]) || c.doc.shadow}
	c.text(f["title"])
	r.from, r.until = c.period(f["from"], f["until"])
	r.when, r.unless = c.condition(f["when"]), c.condition(f["unless"])
	r.presumption = c.signOff(f["presumption"])
	if r.when != nil && r.when.may == 0 {
		c.fault(f["when"], "", "the condition is never true, for no category and channel")
	}
	if c.doc.floor && (r.shadow || (r.presumption != nil && r.presumption.by != "")) {
		c.fault(n, "", "a rule of a floor binds: it has no shadow and no sign-off")
	}
	var found *ruleKind
	for i := range all {
		if f[all[i].key] == nil {
			continue
		}
		if found != nil {
			c.fault(f[all[i].key], "make it a rule of its own", "a rule asks for one thing; this one has both %s and %s", found.key, all[i].key)
			continue
		}
		found = &all[i]
	}
	if found == nil {
		c.fault(n, "one of "+strings.Join(kindKeys, ", "), "the rule %q asks for nothing", r.id)
		return nil
	}
	r.kind = found.key
	r.decide = c.decision(f["else"], found.decide)
	r.demand = found.read(c, f[found.key], r)
	return r
}

// pairs is where the rule may apply.
func (r *rule) pairs() pairs {
	if r.when == nil {
		return allPairs
	}
	return r.when.may
}

// signOff reads "presumption: true" or the sign-off itself.
func (c *compiler) signOff(n *yaml.Node) *signOff {
	if n == nil {
		return nil
	}
	if n.Kind == yaml.ScalarNode {
		if !c.bool(n) {
			return nil
		}
		return &signOff{}
	}
	f := c.fields(n, "signed_by", "on", "reason", "until")
	s := &signOff{by: c.text(f["signed_by"]), reason: c.text(f["reason"]), until: c.moment(f["until"])}
	if s.by == "" || s.reason == "" || f["on"] == nil {
		c.fault(n, "", "a sign-off names who signed (signed_by), when (on) and why (reason)")
	}
	c.moment(f["on"])
	return s
}

// condition reads a CEL expression.
func (c *compiler) condition(n *yaml.Node) *condition {
	if n == nil {
		return nil
	}
	if n.Kind != yaml.ScalarNode {
		c.text(n) // says what is wrong
		return nil
	}
	cond, problems := c.language.compile(strings.TrimSpace(c.text(n)), clock{c.doc.place, c.doc.calendar, c.doc.weekStart})
	for _, p := range problems {
		at := *n
		if at.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
			at.Line++ // the text begins on the line after its key
		}
		at.Line += p.line
		c.fault(&at, p.hint, "%s", p.message)
	}
	return cond
}
