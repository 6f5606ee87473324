package calendar

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"touchgate.dev/touch"
)

// ParseSpan parses one of the forms. Calendar weeks begin on weekStart.
func ParseSpan(s string, weekStart time.Weekday) (Span, error) {
	span := Span{text: s, weekStart: weekStart, n: 1}
	words := strings.Fields(s)
	bad := fmt.Errorf("%q is not a span: write 72h or 7d for absolute time, 7 days, 1 month, 60 full days or 10 business days for dates, or day, week, month, forever", s)
	switch {
	case len(words) == 0:
		return span, bad
	case len(words) == 1 && words[0] == "forever":
		span.kind = forever
		return span, nil
	case len(words) == 1 && !isUnit(words[0]):
		d, err := touch.ParseDuration(words[0])
		if err != nil || d <= 0 || d.Std() > 100*366*24*time.Hour {
			return span, bad
		}
		span.kind = absolute
		span.duration = d.Std()
		return span, nil
	}
	if n, err := strconv.Atoi(words[0]); err == nil {
		if n < 1 || n > 3660 {
			return span, fmt.Errorf("%q: a span has from 1 to 3660 units", s)
		}
		span.n, words = n, words[1:]
		span.kind = dates
	} else {
		span.kind = units
	}
	if len(words) == 3 && words[0] == "full" && words[1] == "business" {
		span.full = true
		words = words[1:]
	}
	if len(words) == 2 {
		switch words[0] {
		case "full":
			span.full = true
		case "business":
			span.kind = business
		case "calendar":
			span.kind = units
		default:
			return span, bad
		}
		words = words[1:]
	}
	if len(words) != 1 || !isUnit(words[0]) {
		return span, bad
	}
	span.unit = unitNames[strings.TrimSuffix(words[0], "s")]
	if (span.kind == business && span.unit != day) || (span.full && span.kind == units) {
		return span, bad
	}
	return span, nil
}

func isUnit(word string) bool {
	_, ok := unitNames[strings.TrimSuffix(word, "s")]
	return ok
}
