package oracle

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"touchgate.dev/touch"
)

// ReadCaps reads the caps out of policy documents by a small reading of its
// own. Rules whose meaning it is not sure of are named in unchecked, and never
// counted: it must not cry wolf, nor pass over in silence. zone says where a
// customer lives; nil: not known, and calendar caps are not counted for them.
func ReadCaps(documents map[string][]byte, zone func(customer string) *time.Location) (caps []Cap, unchecked []string, err error) {
	for _, name := range slices.Sorted(maps.Keys(documents)) {
		var d struct {
			Policy        string    `yaml:"policy"`
			Jurisdictions yaml.Node `yaml:"jurisdictions"`
			Shadow        bool      `yaml:"shadow"`
			WeekStarts    string    `yaml:"week_starts"`
			Zone          string    `yaml:"zone"`
			Waivers       yaml.Node `yaml:"waivers"`
			Rules         []capRule `yaml:"rules"`
		}
		if err := yaml.Unmarshal(documents[name], &d); err != nil {
			return nil, nil, touch.Errorf(touch.Invalid, name, "cannot be read: %w", err)
		}
		where := zone
		if d.Zone != "" && d.Zone != "customer" {
			fixed, err := time.LoadLocation(d.Zone)
			if err != nil {
				return nil, nil, touch.Errorf(touch.Invalid, name, "there is no zone %q", d.Zone)
			}
			where = func(string) *time.Location { return fixed }
		}
		for _, r := range d.Rules {
			if r.Cap == nil || r.Shadow || d.Shadow {
				continue
			}
			made, ok := r.caps(where)
			if !ok || d.Jurisdictions.Kind != 0 || d.WeekStarts != "" || d.Waivers.Kind != 0 {
				unchecked = append(unchecked, d.Policy+"/"+r.ID)
				continue
			}
			caps = append(caps, made...)
		}
	}
	return caps, unchecked, nil
}

// capRule is a rule of which only what concerns caps is read.
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

func (r *capRule) caps(zone func(string) *time.Location) ([]Cap, bool) {
	if r.Unless != "" || r.From != "" || r.Until != "" || r.Presumption.Kind != 0 || (r.Cap.Count != "" && r.Cap.Count != "attempts") {
		return nil, false
	}
	binds, ok := readWhen(r.When)
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
	var by []string
	if r.Cap.By.Kind == yaml.ScalarNode {
		by = []string{r.Cap.By.Value}
	} else if r.Cap.By.Kind != 0 && r.Cap.By.Decode(&by) != nil {
		return nil, false
	}
	for _, key := range by {
		if !slices.Contains([]string{"customer", "subject", "campaign", "channel", "category"}, key) {
			return nil, false
		}
	}
	limits := r.Cap.Limits
	if len(limits) == 0 {
		limits = []capLimit{r.Cap.capLimit}
	}
	var caps []Cap
	for _, l := range limits {
		c := Cap{Rule: r.ID, Limit: l.Limit, By: by, Match: counts, Binds: binds}
		if !c.window(l.Per, zone) {
			return nil, false
		}
		caps = append(caps, c)
	}
	return caps, true
}

var calendarSpan = regexp.MustCompile(`^(?:(\d+) )?(day|week|month)s?$`)

// window reads "72h", "7d" (absolute), "day", "7 days", "1 month" (calendar).
func (c *Cap) window(per string, zone func(string) *time.Location) bool {
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
		return false // "2 months" may mean dates: not sure
	}
	c.Unit = func(customer string, at time.Time) int {
		where := zone(customer)
		if where == nil {
			return int(at.UnixNano() % (1 << 40)) // every contact in a unit of its own
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

var (
	isOne  = regexp.MustCompile(`^(category|channel) == "([a-z_]+)"$`)
	isNot  = regexp.MustCompile(`^(category|channel) != "([a-z_]+)"$`)
	isAmid = regexp.MustCompile(`^(category|channel) in \[([^\]]*)\]$`)
)

// readWhen reads conditions that are "and"s of plain comparisons.
func readWhen(when string) (func(touch.Category, touch.Channel) bool, bool) {
	type test struct {
		what   string
		words  []string
		wanted bool
	}
	var tests []test
	for part := range strings.SplitSeq(when, "&&") {
		part = strings.ReplaceAll(strings.TrimSpace(part), "'", `"`)
		switch {
		case part == "":
			if strings.TrimSpace(when) != "" {
				return nil, false
			}
		case isOne.MatchString(part):
			m := isOne.FindStringSubmatch(part)
			tests = append(tests, test{m[1], []string{m[2]}, true})
		case isNot.MatchString(part):
			m := isNot.FindStringSubmatch(part)
			tests = append(tests, test{m[1], []string{m[2]}, false})
		case isAmid.MatchString(part):
			m := isAmid.FindStringSubmatch(part)
			var words []string
			for w := range strings.SplitSeq(m[2], ",") {
				words = append(words, strings.Trim(strings.TrimSpace(w), `"`))
			}
			tests = append(tests, test{m[1], words, true})
		default:
			return nil, false
		}
	}
	return func(category touch.Category, channel touch.Channel) bool {
		for _, t := range tests {
			have := string(category)
			if t.what == "channel" {
				have = string(channel)
			}
			if slices.Contains(t.words, have) != t.wanted {
				return false
			}
		}
		return true
	}, true
}
