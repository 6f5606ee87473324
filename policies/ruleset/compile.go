package ruleset

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"touchgate.dev/policies/calendar"
	"touchgate.dev/policies/cond"
	"touchgate.dev/policies/jurisdiction"
	"touchgate.dev/touch"
)

// Options are the bank's own settings beside its documents.
type Options struct {
	// Zones are the candidates for a customer whose zone is not known, for
	// documents that name none. Empty means every zone on Earth.
	Zones []string
	// Calendars are the holiday calendars by name. Nil means those that ship
	// with the program.
	Calendars map[string]*calendar.Calendar
	// Holidays are additional holidays in every calendar.
	Holidays []calendar.Day
	// CountOutcomes counts a campaign's outcomes for ratio rules. With nil a ratio
	// rule waits, because no count is known.
	CountOutcomes CountOutcomes
	// Stored says that the documents were activated before, maybe by an earlier
	// version of the program. What that version did not find wrong is a warning
	// then, and no fault: a node must be able to start with the set in force.
	Stored bool

	zones []*time.Location // Zones, loaded
}

// ruleSetName is the document of the rules that every set has.
const ruleSetName = "touchgate"

// maxRules is how many rules all documents may have together.
const maxRules = 10_000

// compiler is the state of one compilation.
type compiler struct {
	ruleReader
	set     *Set
	options *Options
	zones   map[string]*cond.ZoneSet
	ids     map[string]bool // of the rules read
	waivers []pendingWaiver
	count   int // of rules read
}

// Compile checks documents and compiles them. The error is touch.Faults, with every
// fault of every document.
func Compile(sources []Source, o Options) (*Set, error) {
	conditions, err := cond.NewCompiler()
	if err != nil {
		return nil, touch.Faults{{Message: "the condition language cannot start: " + err.Error()}}
	}
	if o.Calendars == nil {
		if o.Calendars, err = calendar.Shipped(); err != nil {
			return nil, touch.Faults{{Message: err.Error()}}
		}
	}
	var faults, warnings touch.Faults
	c := &compiler{
		ruleReader: ruleReader{
			reader:     &reader{file: "options", faults: &faults, warnings: &warnings, stored: o.Stored},
			conditions: conditions,
			names:      &names{declared: map[nameKind][]string{}, closed: map[nameKind]bool{}},
		},
		set:     &Set{countOutcomes: o.CountOutcomes},
		options: &o,
		zones:   map[string]*cond.ZoneSet{},
		ids:     map[string]bool{},
	}
	c.defaultZones()
	c.set.rules = []*rule{suppressionRule(c.set.base)}

	for _, p := range c.parseAll(sources) {
		c.reader = &p.reader
		c.document(p.root)
	}
	c.resolveWaivers()
	c.checkExempt()
	c.checkHours()
	c.checkNames()
	if len(faults) > 0 {
		return nil, sorted(faults)
	}

	c.set.hash = hashOf(sources)
	c.set.warnings = sorted(warnings)
	c.set.vocabulary = c.names.vocabulary()
	c.set.index(conditions.Conditions(), len(c.zones))
	return c.set, nil
}

// sorted is faults by file and line, each one once.
func sorted(faults touch.Faults) touch.Faults {
	slices.SortStableFunc(faults, func(a, b touch.Fault) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	return slices.Compact(faults)
}

// defaultZones loads the zones of the options.
func (c *compiler) defaultZones() {
	for _, name := range c.options.Zones {
		if zone := c.zone(nil, name); zone != nil {
			c.options.zones = append(c.options.zones, zone)
		}
	}
	if len(c.options.zones) == 0 {
		c.options.zones = everywhere()
	}
	c.set.base = c.share(&cond.ZoneSet{Unknown: c.options.zones})
}

// everywhere has one zone for each hour on Earth: where a customer may be if
// nothing is known.
func everywhere() []*time.Location {
	var zones []*time.Location
	for h := -12; h <= 14; h++ {
		zones = append(zones, time.FixedZone(fmt.Sprintf("UTC%+d", h), h*3600))
	}
	return zones
}

// share returns the one zone set of the compilation that equals z.
func (c *compiler) share(z *cond.ZoneSet) *cond.ZoneSet {
	var key strings.Builder
	for _, zones := range [][]*time.Location{z.Fixed, z.Unknown} {
		for _, zone := range zones {
			key.WriteString(zone.String() + ",")
		}
		key.WriteByte(';')
	}
	if known := c.zones[key.String()]; known != nil {
		return known
	}
	z.Slot = len(c.zones)
	c.zones[key.String()] = z
	return z
}

// parsed is a source as a YAML tree.
type parsed struct {
	reader
	root *yaml.Node
}

// parseAll parses every source. It adds the calendars among them to the
// options at once, so that policies find calendars that come after them, and
// returns the policies.
func (c *compiler) parseAll(sources []Source) []parsed {
	c.options.Calendars = maps.Clone(c.options.Calendars)
	var policies []parsed
	for _, source := range sources {
		p := parsed{reader: *c.reader}
		p.file = source.Name
		if p.root = p.parse(source.Data); p.root == nil {
			continue
		}
		if isVocabulary(p.root) {
			own := *c
			own.reader = &p.reader
			own.vocabularyDocument(p.root)
			continue
		}
		if !isCalendar(p.root) {
			policies = append(policies, p)
			continue
		}
		named, err := calendar.Parse(source.Data, c.options.Calendars)
		if err != nil {
			p.broken(err, source.Data)
			continue
		}
		c.options.Calendars[named.Name] = named
	}
	return policies
}

// isCalendar tells a calendar file from a policy, which may name a calendar.
func isCalendar(root *yaml.Node) bool {
	keys := rootKeys(root)
	return keys["calendar"] && !keys["policy"] && !keys["rules"]
}

// document reads one policy.
func (c *compiler) document(root *yaml.Node) {
	f := c.fields(root, "policy", "title", "description", "source", "version", "owner", "floor", "shadow", "jurisdictions",
		"zone", "unknown_zone", "calendar", "holidays", "week_starts", "from", "until", "vocabulary", "rules", "waivers")
	c.doc = c.head(root, f, c.options)
	c.declare(f["vocabulary"])
	c.readEach(f["jurisdictions"], jurisdictionName, c.doc.jurisdictions)
	for i, place := range c.doc.jurisdictions {
		c.doc.jurisdictions[i] = jurisdiction.Canonical(place)
	}
	if c.doc.name == ruleSetName {
		c.fault(f["policy"], "", "the name %q is our own", ruleSetName)
	}
	c.doc.clock.Zones = c.share(c.doc.clock.Zones)
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
		r.id = c.doc.name + "/" + r.id
		if c.ids[r.id] {
			c.fault(n, "", "two rules have the id %q", r.id)
		}
		c.ids[r.id] = true
		c.set.rules = append(c.set.rules, r)
	}
	for _, n := range c.items(f["waivers"], "waivers") {
		c.waiver(n)
	}
}
