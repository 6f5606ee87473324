package oracle

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"time"

	"go.yaml.in/yaml/v3"

	"touchgate.dev/touch"
)

// ReadCaps reads the caps in policy documents. It has a simple reader of its own.
// A rule that the reader does not fully understand is named in unchecked and not
// counted: a false alarm and a silent omission would both be wrong. zone returns
// where a customer lives; nil: unknown, and calendar caps are not counted for
// that customer.
func ReadCaps(documents map[string][]byte, zone func(customer string) *time.Location) (caps []Cap, unchecked []string, err error) {
	for _, name := range slices.Sorted(maps.Keys(documents)) {
		var d document
		if err := yaml.Unmarshal(documents[name], &d); err != nil {
			return nil, nil, touch.Errorf(touch.Invalid, name, "cannot be read: %w", err)
		}
		zoneOf := zone
		if d.Zone != "" && d.Zone != "customer" {
			fixed, err := time.LoadLocation(d.Zone)
			if err != nil {
				return nil, nil, touch.Errorf(touch.Invalid, name, "there is no zone %q", d.Zone)
			}
			zoneOf = func(string) *time.Location { return fixed }
		}
		for _, r := range d.Rules {
			if r.Cap == nil || r.Shadow || d.Shadow {
				continue
			}
			ofRule, ok := r.caps(zoneOf)
			if !ok || d.Jurisdictions.Kind != 0 || d.WeekStarts != "" || d.Waivers.Kind != 0 {
				unchecked = append(unchecked, d.Policy+"/"+r.ID)
				continue
			}
			caps = append(caps, ofRule...)
		}
	}
	return caps, unchecked, nil
}

// document is what the oracle reads of a policy document.
type document struct {
	Policy        string    `yaml:"policy"`
	Jurisdictions yaml.Node `yaml:"jurisdictions"`
	Shadow        bool      `yaml:"shadow"`
	WeekStarts    string    `yaml:"week_starts"`
	Zone          string    `yaml:"zone"`
	Waivers       yaml.Node `yaml:"waivers"`
	Rules         []capRule `yaml:"rules"`
}

// capRule is what the oracle reads of a rule.
type capRule struct {
	ID          string    `yaml:"id"`
	When        string    `yaml:"when"`
	Unless      string    `yaml:"unless"`
	Shadow      bool      `yaml:"shadow"`
	From        string    `yaml:"from"`
	Until       string    `yaml:"until"`
	Presumption yaml.Node `yaml:"presumption"`
	Cap         *struct {
		capLimit `yaml:",inline"`
		Limits   []capLimit `yaml:"limits"`
		By       yaml.Node  `yaml:"by"`
		Count    string     `yaml:"count"`
		Of       *struct {
			Categories []touch.Category `yaml:"categories"`
			Channels   []touch.Channel  `yaml:"channels"`
		} `yaml:"of"`
	} `yaml:"cap"`
}

type capLimit struct {
	Limit int    `yaml:"limit"`
	Per   string `yaml:"per"`
}

// caps returns the caps of a rule, one for each limit. It returns false if it
// does not understand the rule.
func (r *capRule) caps(zone func(string) *time.Location) ([]Cap, bool) {
	if r.Unless != "" || r.From != "" || r.Until != "" || r.Presumption.Kind != 0 {
		return nil, false
	}
	if r.Cap.Count != "" && r.Cap.Count != "attempts" {
		return nil, false
	}
	binds, ok := parseCondition(r.When)
	if !ok {
		return nil, false
	}
	counts := binds
	if of := r.Cap.Of; of != nil {
		counts = func(category touch.Category, channel touch.Channel) bool {
			return (len(of.Categories) == 0 || slices.Contains(of.Categories, category)) &&
				(len(of.Channels) == 0 || slices.Contains(of.Channels, channel))
		}
	}
	by, ok := r.by()
	if !ok {
		return nil, false
	}
	limits := r.Cap.Limits
	if len(limits) == 0 {
		limits = []capLimit{r.Cap.capLimit}
	}
	var caps []Cap
	for _, l := range limits {
		c := Cap{Rule: r.ID, Limit: l.Limit, By: by, Match: counts, Binds: binds}
		if !c.parseWindow(l.Per, zone) {
			return nil, false
		}
		caps = append(caps, c)
	}
	return caps, true
}

// by returns what the cap counts separately: one word or several.
func (r *capRule) by() (by []string, ok bool) {
	if r.Cap.By.Kind == yaml.ScalarNode {
		by = []string{r.Cap.By.Value}
	} else if r.Cap.By.Kind != 0 && r.Cap.By.Decode(&by) != nil {
		return nil, false
	}
	known := []string{"customer", "subject", "campaign", "channel", "category"}
	return by, !slices.ContainsFunc(by, func(key string) bool { return !slices.Contains(known, key) })
}

var calendarSpan = regexp.MustCompile(`^(?:(\d+) )?(day|week|month)s?$`)

// parseWindow parses "72h" and "7d" (a sliding window) and "day", "7 days" and "1
// month" (the calendar).
func (c *Cap) parseWindow(per string, zone func(string) *time.Location) bool {
	if d, err := touch.ParseDuration(per); err == nil {
		c.Rolling = d.Std()
		return d > 0
	}
	m := calendarSpan.FindStringSubmatch(per)
	if m == nil || zone == nil {
		return false
	}
	c.Units = 1
	if m[1] != "" {
		c.Units, _ = strconv.Atoi(m[1])
	}
	if m[2] != "day" && c.Units > 1 {
		return false // "2 months" may end at a date within a month
	}
	c.Unit = func(customer string, at time.Time) int {
		where := zone(customer)
		if where == nil {
			return int(at.UnixNano() % (1 << 40)) // every contact has a unit of its own
		}
		local := at.In(where)
		days := int(time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, time.UTC).Unix() / 86400)
		switch m[2] {
		case "week":
			return (days + 3) / 7 // 1 January 1970 was a Thursday; weeks start on Monday
		case "month":
			return local.Year()*12 + int(local.Month())
		}
		return days
	}
	return true
}
