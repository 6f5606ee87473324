package policies

import (
	"time"

	"go.yaml.in/yaml/v3"

	"touchgate.dev/policies/calendar"
)

// Limits on documents: bytes in one, and rules in all of them.
const (
	maxDocument = 4 << 20
	maxRules    = 10_000
)

// document is one policy document, read.
type document struct {
	name          string // the policy's name
	title         string
	file          string
	floor, shadow bool
	jurisdictions []string
	place         *place
	calendar      *calendar.Calendar
	weekStart     time.Weekday
	from, until   moment
}

// place says in which zones a document's clock is read.
type place struct {
	slot    int              // in an evaluation's memo
	fixed   []*time.Location // set where the document names one zone for all
	unknown []*time.Location // the candidates for a customer whose zone is not known
}

// moment is an instant, or a date in whichever zone it is read; the zero
// moment is none.
type moment struct {
	at  time.Time
	day calendar.Day
	set bool
}

// in reads m in a zone.
func (m moment) in(zone *time.Location) time.Time {
	if !m.at.IsZero() {
		return m.at
	}
	return m.day.Start(zone)
}

// head reads everything of a document besides its rules and waivers.
func (r *reader) head(root *yaml.Node, f map[string]*yaml.Node, o *Options) *document {
	doc := &document{file: r.file, name: r.name(f["policy"], root, "the policy"), title: r.text(f["title"]),
		floor: r.bool(f["floor"]), shadow: r.bool(f["shadow"]), jurisdictions: r.texts(f["jurisdictions"]), weekStart: time.Monday, place: &place{}}
	for _, about := range []string{"description", "source", "version", "owner"} {
		r.text(f[about])
	}
	if n := f["week_starts"]; n != nil {
		start, ok := week[r.text(n)]
		if !ok {
			r.fault(n, "", "a week starts on one of mon, tue, wed, thu, fri, sat, sun")
		}
		doc.weekStart = start
	}
	if n := f["zone"]; n != nil && r.text(n) != "customer" {
		if zone := r.zone(n, n.Value); zone != nil {
			doc.place.fixed = []*time.Location{zone}
		}
	}
	doc.place.unknown = o.zones
	if n := f["unknown_zone"]; n != nil {
		doc.place.unknown = nil
		for _, name := range r.texts(n) {
			if zone := r.zone(n, name); zone != nil {
				doc.place.unknown = append(doc.place.unknown, zone)
			}
		}
		if len(doc.place.unknown) == 0 {
			r.fault(n, "", "unknown_zone names at least one zone")
		}
	}
	doc.from, doc.until = r.period(f["from"], f["until"])
	if doc.floor && doc.shadow {
		r.fault(f["shadow"], "", "a floor cannot be shadowed: it binds")
	}
	r.holidays(f, doc, o)
	return doc
}

// holidays reads the named calendar and the document's own dates.
func (r *reader) holidays(f map[string]*yaml.Node, doc *document, o *Options) {
	if n := f["calendar"]; n != nil {
		name := r.text(n)
		if doc.calendar = o.Calendars[name]; doc.calendar == nil {
			var known []string
			for k := range o.Calendars {
				known = append(known, k)
			}
			r.fault(n, didYouMean(name, known), "there is no calendar %q", name)
		}
	}
	if len(o.Holidays) > 0 {
		doc.calendar = doc.calendar.With(o.Holidays)
	}
	n := f["holidays"]
	if n == nil {
		return
	}
	if n.Kind != yaml.SequenceNode {
		r.fault(n, "", "holidays are a list of dates")
		return
	}
	var days []calendar.Day
	for _, item := range n.Content {
		d, err := calendar.ParseDay(item.Value)
		if err != nil {
			r.fault(item, "", "%v", err)
			continue
		}
		days = append(days, d)
	}
	doc.calendar = doc.calendar.With(days)
}
