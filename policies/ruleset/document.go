package ruleset

import (
	"slices"
	"time"

	"go.yaml.in/yaml/v3"

	"touchgate.dev/internal/strictyaml"
	"touchgate.dev/policies/calendar"
	"touchgate.dev/policies/cond"
)

// document is everything of one policy document besides its rules.
type document struct {
	name string // the policy's name
	file string
	// mandatory rules cannot be waived, shadowed or signed off. The YAML key
	// is "floor".
	mandatory     bool
	shadow        bool
	jurisdictions []string
	clock         cond.Clock
	from, until   dateOrInstant
	// usesCalendar: a rule of it asks for holidays or business days.
	usesCalendar bool
	calendarLine int // where the calendar is named, or the holidays are listed
}

// dateOrInstant is an instant, or a date that begins at its midnight in
// whichever zone it is read. Its zero value is none.
type dateOrInstant struct {
	at  time.Time
	day calendar.Day
	set bool
}

// in reads d in a zone.
func (d dateOrInstant) in(zone *time.Location) time.Time {
	if !d.at.IsZero() {
		return d.at
	}
	return d.day.Start(zone)
}

var weekdays = map[string]time.Weekday{"mon": 1, "tue": 2, "wed": 3, "thu": 4, "fri": 5, "sat": 6, "sun": 0}

// head reads everything of a document besides its rules and waivers. The
// defaults are the bank's own settings.
func (r *reader) head(root *yaml.Node, f map[string]*yaml.Node, defaults *Options) *document {
	doc := &document{
		file:          r.file,
		name:          r.name(f["policy"], root, "the policy"),
		mandatory:     r.bool(f["floor"]),
		shadow:        r.bool(f["shadow"]),
		jurisdictions: r.texts(f["jurisdictions"]),
	}
	for _, about := range []string{"title", "description", "source", "version", "owner"} {
		r.text(f[about])
	}

	doc.clock.WeekStart = r.weekStart(f["week_starts"])
	doc.clock.Zones = r.zoneSet(f, defaults)
	doc.from, doc.until = r.period(f["from"], f["until"])
	if doc.mandatory && doc.shadow {
		r.fault(f["shadow"], "", "a floor cannot be shadowed: it binds")
	}
	doc.clock.Calendar = r.holidays(f, defaults)
	for _, n := range []*yaml.Node{f["holidays"], f["calendar"]} {
		if n != nil {
			doc.calendarLine = n.Line
		}
	}
	return doc
}

func (r *reader) weekStart(n *yaml.Node) time.Weekday {
	if n == nil {
		return time.Monday
	}
	start, ok := weekdays[r.text(n)]
	if !ok {
		r.fault(n, "", "a week starts on one of mon, tue, wed, thu, fri, sat, sun")
	}
	return start
}

// zoneSet reads "zone" and "unknown_zone".
func (r *reader) zoneSet(f map[string]*yaml.Node, defaults *Options) *cond.ZoneSet {
	set := &cond.ZoneSet{Unknown: defaults.zones}
	if n := f["zone"]; n != nil && r.text(n) != "customer" {
		if zone := r.zone(n, n.Value); zone != nil {
			set.Fixed = []*time.Location{zone}
		}
	}
	n := f["unknown_zone"]
	if n == nil {
		return set
	}
	set.Unknown = nil
	for _, name := range r.texts(n) {
		if zone := r.zone(n, name); zone != nil {
			set.Unknown = append(set.Unknown, zone)
		}
	}
	if len(set.Unknown) == 0 {
		r.fault(n, "", "unknown_zone names at least one zone")
	}
	return set
}

// holidays reads the named calendar and adds the document's own dates, and the
// bank's. A document that neither names a calendar nor lists dates has none
// (nil): the bank's own dates alone would be a calendar without its holidays.
func (r *reader) holidays(f map[string]*yaml.Node, defaults *Options) *calendar.Calendar {
	var named *calendar.Calendar
	if n := f["calendar"]; n != nil {
		name := r.text(n)
		if named = defaults.Calendars[name]; named == nil {
			var known []string
			for k := range defaults.Calendars {
				known = append(known, k)
			}
			r.fault(n, strictyaml.DidYouMean(name, known), "there is no calendar %q", name)
		}
	}
	n := f["holidays"]
	if n == nil && f["calendar"] == nil {
		return nil
	}
	days := slices.Clone(defaults.Holidays)
	if n != nil {
		days = append(days, r.days(n)...)
	}
	if f["calendar"] == nil {
		inline := calendar.Inline("holidays of "+r.text(f["policy"]), days)
		if gap, ok := inline.Gap(); ok {
			year, _, _ := gap.Civil()
			r.recent(n, "list the holidays of every year between", "no holiday of %d is listed", year)
		}
		return inline
	}
	if named == nil || len(days) == 0 {
		return named
	}
	return named.With(days)
}

// days reads a list of dates.
func (r *reader) days(n *yaml.Node) []calendar.Day {
	if n.Kind != yaml.SequenceNode || len(n.Content) == 0 {
		r.fault(n, "such as [2026-12-25, 2026-12-26]", "holidays are a list of dates")
		return nil
	}
	var days []calendar.Day
	for _, item := range n.Content {
		day, err := calendar.ParseDay(item.Value)
		if err != nil {
			r.fault(item, "", "%v", err)
			continue
		}
		days = append(days, day)
	}
	return days
}
