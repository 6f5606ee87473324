package calendar

import (
	"fmt"
	"sort"
	"strings"
)

// ParseQuiet parses blocked hours, such as "22:00-07:00" or
// "mon-fri 08:00-18:00; sat 12:00-14:00", and returns the open hours. A window may
// go over midnight.
func ParseQuiet(s string) (*Hours, error) {
	var blocked [7][]Window
	for part := range strings.SplitSeq(s, ";") {
		days, windows := "daily", strings.TrimSpace(part)
		if head, tail, ok := strings.Cut(windows, " "); ok && head[0] > '9' {
			days, windows = head, strings.TrimSpace(tail)
		}
		var selected Hours
		if err := selected.Set(days, []Window{{0, 1}}); err != nil || selected.UsesHolidays() {
			return nil, fmt.Errorf("%q are not days of the week", days)
		}
		for text := range strings.SplitSeq(windows, ",") {
			w, err := ParseWindow(strings.TrimSpace(text))
			if err != nil {
				return nil, err
			}
			for d := range blocked {
				if len(selected.week[d]) == 0 {
					continue
				}
				if w.From < w.To {
					blocked[d] = append(blocked[d], w)
					continue
				}
				next := (d + 1) % 7
				blocked[d] = append(blocked[d], Window{w.From, daySeconds})
				blocked[next] = append(blocked[next], Window{0, w.To})
			}
		}
	}
	open := &Hours{}
	for d := range blocked {
		open.week[d] = complement(blocked[d])
	}
	return open, nil
}

// complement returns the time of a day that is in none of the windows.
func complement(blocked []Window) []Window {
	sort.Slice(blocked, func(i, j int) bool { return blocked[i].From < blocked[j].From })
	var open []Window
	at := 0
	for _, w := range blocked {
		if w.From > at {
			open = append(open, Window{at, w.From})
		}
		at = max(at, w.To)
	}
	if at < daySeconds {
		open = append(open, Window{at, daySeconds})
	}
	return open
}
