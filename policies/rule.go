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

// A kind of rule: the key it stands under, its default decision and how to read it.
type ruleKind struct {
	key    string
	decide touch.Decision
	read   func(c *compiler, n *yaml.Node, r *rule) demand
}

// kinds is the closed list of rule kinds.
func kinds() []ruleKind {
	return []ruleKind{
		{"hours", touch.Defer, readHours},
		{"own", touch.Defer, readOwn},
		{"cap", touch.Defer, readCap},
		{"cooldown", touch.Defer, readCooldown},
		{"require", touch.Refuse, readRequire},
		{"absent_from", touch.Refuse, readAbsent},
		{"duty", touch.Refuse, readDuty},
		{"holdout", touch.Refuse, readHoldout},
		{"ratio", touch.Defer, readRatio},
		{"uncounted", touch.Allow, readUncounted},
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
	r := &rule{doc: c.doc, id: c.name(f["id"], n, "the rule"), shadow: c.bool(f["shadow"]) || c.doc.shadow}
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
	cond, problems := c.language.compile(strings.TrimSpace(c.text(n)))
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
