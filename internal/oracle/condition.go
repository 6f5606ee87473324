package oracle

import (
	"regexp"
	"slices"
	"strings"

	"touchgate.dev/touch"
)

// The comparisons that parseCondition understands.
var (
	equal    = regexp.MustCompile(`^(category|channel) == "([a-z_]+)"$`)
	notEqual = regexp.MustCompile(`^(category|channel) != "([a-z_]+)"$`)
	oneOf    = regexp.MustCompile(`^(category|channel) in \[([^\]]*)\]$`)
)

// comparison compares a category or a channel with words.
type comparison struct {
	field string // category or channel
	words []string
	want  bool // whether the field must be one of the words
}

func (c *comparison) holds(category touch.Category, channel touch.Channel) bool {
	value := string(category)
	if c.field == "channel" {
		value = string(channel)
	}
	return slices.Contains(c.words, value) == c.want
}

// parseCondition parses a condition that consists of comparisons joined by &&.
// It returns false for any other condition. An empty condition always holds.
func parseCondition(when string) (func(touch.Category, touch.Channel) bool, bool) {
	var all []comparison
	if strings.TrimSpace(when) != "" {
		for part := range strings.SplitSeq(when, "&&") {
			c, ok := parseComparison(strings.ReplaceAll(strings.TrimSpace(part), "'", `"`))
			if !ok {
				return nil, false
			}
			all = append(all, c)
		}
	}
	return func(category touch.Category, channel touch.Channel) bool {
		return !slices.ContainsFunc(all, func(c comparison) bool { return !c.holds(category, channel) })
	}, true
}

func parseComparison(text string) (comparison, bool) {
	if m := equal.FindStringSubmatch(text); m != nil {
		return comparison{field: m[1], words: []string{m[2]}, want: true}, true
	}
	if m := notEqual.FindStringSubmatch(text); m != nil {
		return comparison{field: m[1], words: []string{m[2]}, want: false}, true
	}
	if m := oneOf.FindStringSubmatch(text); m != nil {
		c := comparison{field: m[1], want: true}
		for w := range strings.SplitSeq(m[2], ",") {
			c.words = append(c.words, strings.Trim(strings.TrimSpace(w), `"`))
		}
		return c, true
	}
	return comparison{}, false
}
