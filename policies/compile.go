package policies

import (
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"touchgate.dev/policies/calendar"
	"touchgate.dev/touch"
)

// Options are the bank's own settings beside its documents.
type Options struct {
	// Zones are the candidates for a customer whose zone is not known, where
	// the document names none; empty is every zone on Earth.
	Zones []string
	// Calendars are the holiday calendars by name; nil is those that ship
	// with the program.
	Calendars map[string]*calendar.Calendar
	// Holidays are holidays in every calendar besides: ad-hoc additions.
	Holidays []calendar.Day
	// Tallies counts a campaign's outcomes for ratio rules; nil knows of
	// none, and a ratio rule then waits.
	Tallies Tallies

	zones []*time.Location
}

// compiler is the state of one compilation.
type compiler struct {
	*reader
	language *language
	set      *Set
	options  *Options
	doc      *document
	places   map[string]*place
	ids      map[string]string // rule id to the file that has it
	waivers  []pendingWaiver
	count    int // of rules read
}

type pendingWaiver struct {
	waiver
	reader reader
	node   *yaml.Node
	rule   string
}

// Compile checks sources and compiles them. The error is touch.Faults, and holds
// every fault of every document.
func Compile(sources []Source, o Options) (*Set, error) {
	var faults touch.Faults
	l, err := newLanguage()
	if err != nil {
		return nil, touch.Faults{{Message: "the condition language cannot start: " + err.Error()}}
	}
	if o.Calendars == nil {
		if o.Calendars, err = calendar.Shipped(); err != nil {
			return nil, touch.Faults{{Message: err.Error()}}
		}
	}
	c := &compiler{language: l, options: &o, ids: map[string]string{}, set: &Set{tallies: o.Tallies}}
	c.reader = &reader{file: "options", faults: &faults}
	c.defaultZones()
	c.set.suppress()
	for _, p := range c.parseAll(sources) {
		c.reader = &p.reader
		c.document(p.root)
	}
	c.settleWaivers()
	c.checkHidden()
	c.checkHours()
	if len(faults) > 0 {
		sort.SliceStable(faults, func(i, j int) bool {
			return faults[i].File < faults[j].File || (faults[i].File == faults[j].File && faults[i].Line < faults[j].Line)
		})
		return nil, slices.Compact(faults)
	}
	c.set.finish(sources, l.conditions)
	return c.set, nil
}

// everywhere is a zone for every hour of the Earth: what a customer may be in
// of whom nothing is known.
func everywhere() []*time.Location {
	var zones []*time.Location
	for h := -12; h <= 14; h++ {
		zones = append(zones, time.FixedZone(fmt.Sprintf("UTC%+d", h), h*3600))
	}
	return zones
}

func (c *compiler) defaultZones() {
	for _, name := range c.options.Zones {
		if zone := c.zone(nil, name); zone != nil {
			c.options.zones = append(c.options.zones, zone)
		}
	}
	if len(c.options.zones) == 0 {
		c.options.zones = everywhere()
	}
	c.set.base = c.addPlace(&place{unknown: c.options.zones})
}

// addPlace gives equal places one slot.
func (c *compiler) addPlace(p *place) *place {
	var key strings.Builder
	for _, zones := range [][]*time.Location{p.fixed, p.unknown} {
		for _, z := range zones {
			key.WriteString(z.String() + ",")
		}
		key.WriteByte(';')
	}
	if c.places == nil {
		c.places = map[string]*place{}
	}
	if known := c.places[key.String()]; known != nil {
		return known
	}
	p.slot = len(c.places)
	c.places[key.String()] = p
	return p
}

// parsed is a source as a YAML tree.
type parsed struct {
	reader
	root *yaml.Node
}

// parseAll parses every source. Calendars among them are taken up at once, so
// that policies before them find them too; the policies are given back.
func (c *compiler) parseAll(sources []Source) []parsed {
	o := c.options
	o.Calendars = maps.Clone(o.Calendars)
	var policies []parsed
	for _, s := range sources {
		p := parsed{reader: reader{file: s.Name, faults: c.faults}}
		if p.root = p.parse(s.Data); p.root == nil {
			continue
		}
		if !isCalendar(p.root) {
			policies = append(policies, p)
			continue
		}
		known, err := calendar.Parse(s.Data, o.Calendars)
		if err != nil {
			p.broken(err)
			continue
		}
		o.Calendars[known.Name] = known
	}
	return policies
}

// isCalendar tells a calendar from a policy, which may name one.
func isCalendar(root *yaml.Node) bool {
	keys := map[string]bool{}
	for i := 0; root.Kind == yaml.MappingNode && i < len(root.Content); i += 2 {
		keys[root.Content[i].Value] = true
	}
	return keys["calendar"] && !keys["policy"] && !keys["rules"]
}

// document reads one policy.
func (c *compiler) document(root *yaml.Node) {
	f := c.fields(root, "policy", "title", "description", "source", "version", "owner", "floor", "shadow", "jurisdictions",
		"zone", "unknown_zone", "calendar", "holidays", "week_starts", "from", "until", "rules", "waivers")
	c.doc = c.head(root, f, c.options)
	if c.doc.name == ownDocument {
		c.fault(f["policy"], "", "the name %q is our own", ownDocument)
	}
	c.doc.place = c.addPlace(c.doc.place)
	for _, d := range c.set.documents {
		if d.name == c.doc.name && d.name != "" {
			c.fault(f["policy"], "", "the policy %q is also in %s", d.name, d.file)
		}
	}
	c.set.documents = append(c.set.documents, c.doc)
	rules := c.items(f["rules"], "rules")
	if c.count += len(rules); c.count > maxRules {
		c.fault(f["rules"], "", "there are %d rules up to here; %d is the most", c.count, maxRules)
		return
	}
	for _, n := range rules {
		r := c.rule(n)
		if r == nil {
			continue
		}
		if r.id = c.doc.name + "/" + r.id; c.ids[r.id] != "" {
			c.fault(n, "", "two rules have the id %q", r.id)
		}
		c.ids[r.id] = c.file
		c.set.rules = append(c.set.rules, r)
	}
	for _, n := range c.items(f["waivers"], "waivers") {
		c.waiver(n)
	}
}

func (c *compiler) items(n *yaml.Node, what string) []*yaml.Node {
	if n == nil {
		return nil
	}
	if n.Kind != yaml.SequenceNode {
		c.fault(n, "", "%s are a list", what)
		return nil
	}
	return n.Content
}

// waiver reads one waiver; the rule it names may stand in a later document.
func (c *compiler) waiver(n *yaml.Node) {
	f := c.fields(n, "rule", "by", "reason", "from", "until", "when")
	w := pendingWaiver{reader: *c.reader, node: n, rule: c.text(f["rule"]), waiver: waiver{by: c.text(f["by"]), when: c.condition(f["when"])}}
	w.from, w.until = c.period(f["from"], f["until"])
	if w.by == "" || c.text(f["reason"]) == "" || !w.until.set {
		c.fault(n, "", "a waiver names the rule (rule), who waives it (by), why (reason) and its end (until)")
	}
	if !strings.Contains(w.rule, "/") {
		w.rule = c.doc.name + "/" + w.rule
	}
	c.waivers = append(c.waivers, w)
}

func (c *compiler) settleWaivers() {
	for _, w := range c.waivers {
		i := slices.IndexFunc(c.set.rules, func(r *rule) bool { return r.id == w.rule })
		switch {
		case i < 0:
			w.reader.fault(w.node, "", "there is no rule %q", w.rule)
		case c.set.rules[i].doc.floor:
			w.reader.fault(w.node, "", "the rule %q is part of a floor, which cannot be waived", w.rule)
		default:
			c.set.rules[i].waivers = append(c.set.rules[i].waivers, w.waiver)
		}
	}
}

// checkHidden refuses what would take contacts out of the sight of a floor.
func (c *compiler) checkHidden() {
	for _, h := range c.set.hidden {
		for _, r := range c.set.rules {
			if limit, ok := r.demand.(*limits); ok && r.doc.floor && !h.doc.floor && limit.counted&h.pairs() != 0 {
				*c.faults = append(*c.faults, touch.Fault{File: h.doc.file, Line: h.line, Message: fmt.Sprintf("rule %q takes contacts out of the count that %q, part of a floor, counts", h.id, r.id)})
			}
		}
	}
}
