package calendar

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/au"
	"github.com/rickar/cal/v2/ca"
	"github.com/rickar/cal/v2/de"
	"github.com/rickar/cal/v2/fr"
	"github.com/rickar/cal/v2/gb"
	"github.com/rickar/cal/v2/us"
	"go.yaml.in/yaml/v3"
)

//go:embed data/*.yaml
var data embed.FS

// shipped parses the embedded calendars once.
var shipped = sync.OnceValues(func() (map[string]*Calendar, error) {
	entries, err := data.ReadDir("data")
	if err != nil {
		return nil, err
	}
	all := map[string]*Calendar{}
	for _, e := range entries {
		text, err := data.ReadFile("data/" + e.Name())
		if err != nil {
			return nil, err
		}
		c, err := Parse(text, all)
		if err != nil {
			return nil, fmt.Errorf("the calendar %s: %w", e.Name(), err)
		}
		all[c.Name] = c
	}
	return all, nil
})

// Shipped returns the calendars that ship with the program, by name. Do not change
// the map.
func Shipped() (map[string]*Calendar, error) { return shipped() }

// file is a calendar in its YAML form.
type file struct {
	Calendar string      `yaml:"calendar"`
	Title    string      `yaml:"title"`
	Version  string      `yaml:"version"`
	Owner    string      `yaml:"owner"`
	Source   string      `yaml:"source"`
	Extends  string      `yaml:"extends"`
	Library  string      `yaml:"library"`
	Weekend  []string    `yaml:"weekend"`
	Covers   *covers     `yaml:"covers"`
	Holidays []dateRange `yaml:"holidays"`
	Working  []dayText   `yaml:"working"`
}

type covers struct {
	From  dayText `yaml:"from"`
	Until dayText `yaml:"until"`
}

type dateRange struct {
	From dayText  `yaml:"from"`
	To   *dayText `yaml:"to"`
	Name string   `yaml:"name"`
}

// dayText parses a date; yaml.v3 would make a time of it.
type dayText struct{ Day }

// UnmarshalYAML implements yaml.Unmarshaler.
func (d *dayText) UnmarshalYAML(n *yaml.Node) (err error) {
	if d.Day, err = ParseDay(n.Value); err != nil {
		return fmt.Errorf("line %d: %w", n.Line, err)
	}
	return nil
}

// Parse parses a calendar. A calendar that extends one of others has the days of
// that one and its own, for example the days that a proclamation adds, and covers
// what both cover. One that says nothing of what it covers covers the years of
// its holidays.
func Parse(text []byte, others map[string]*Calendar) (*Calendar, error) {
	var f file
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&f); err != nil {
		return nil, err
	}
	if f.Calendar == "" || f.Version == "" || f.Owner == "" || f.Source == "" {
		return nil, errors.New("a calendar has a name (calendar), a version, an owner and a source")
	}
	c := New(f.Calendar, nil, nil)
	if f.Extends != "" {
		base := others[f.Extends]
		if base == nil {
			return nil, fmt.Errorf("there is no calendar %q to extend", f.Extends)
		}
		c = base.With(nil)
	}
	c.Name = f.Calendar
	c.Title = f.Title
	c.Version = f.Version
	c.Owner = f.Owner
	c.Source = f.Source
	if f.Weekend != nil {
		c.weekend = [7]bool{}
	}
	for _, name := range f.Weekend {
		i := slices.Index(weekdays, name)
		if i < 0 {
			return nil, fmt.Errorf("%q is not a day of the week", name)
		}
		c.weekend[i] = true
	}
	if f.Covers != nil {
		own := period{f.Covers.From.Day, f.Covers.Until.Day - 1}
		if own.from > own.to {
			return nil, errors.New("it covers no day")
		}
		c.cover(own)
	}
	if err := c.addDays(&f); err != nil {
		return nil, err
	}
	if f.Covers == nil && f.Extends == "" {
		c.coverYears() // as the dates in a policy do
	}
	return c, nil
}

// maxHoliday is the number of days of the longest holiday; more are a typing
// mistake.
const maxHoliday = 60

// addDays adds the holidays and working days of a file, and those of the library
// that it names.
func (c *Calendar) addDays(f *file) error {
	for _, r := range f.Holidays {
		to := r.From.Day
		if r.To != nil {
			to = r.To.Day
		}
		if to < r.From.Day || to > r.From.Day+maxHoliday {
			return fmt.Errorf("the holiday from %s to %s is not valid", r.From, to)
		}
		for d := r.From.Day; d <= to; d++ {
			c.holidays[d] = r.Name
		}
	}
	for _, d := range f.Working {
		c.working[d.Day] = true
	}
	if f.Library == "" {
		return nil
	}
	holidays, ok := library(f.Library)
	if !ok || len(c.covers) == 0 {
		return fmt.Errorf("the library has no %q, or the years to cover are missing", f.Library)
	}
	first, _, _ := c.covers[0].from.Civil()
	last, _, _ := c.covers[len(c.covers)-1].to.Civil()
	for _, h := range holidays {
		for y := first - 1; y <= last+1; y++ {
			// Both the day itself and the day on which it is observed count.
			actual, observed := h.Calc(y)
			for _, t := range []time.Time{actual, observed} {
				if !t.IsZero() {
					c.holidays[DayOf(t.Date())] = h.Name
				}
			}
		}
	}
	return nil
}

// library returns a list of holidays that are computed; false if there is none of
// that name.
func library(name string) ([]*cal.Holiday, bool) {
	switch name {
	case "us-federal":
		return us.Holidays, true
	case "gb-england":
		return gb.Holidays, true
	case "fr":
		return fr.Holidays, true
	case "de":
		return de.Holidays, true
	case "ca-federal":
		return ca.Holidays, true
	case "au-national":
		return []*cal.Holiday{au.NewYear, au.AustraliaDay, au.GoodFriday, au.EasterMonday, au.AnzacDay, au.ChristmasDay, au.BoxingDay}, true
	}
	return nil, false
}
