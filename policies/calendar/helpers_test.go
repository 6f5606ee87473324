package calendar

import (
	"testing"
	"time"
)

// zones have every way of changing the clocks.
var zones = []string{
	"Europe/London", "America/New_York", "America/Havana", "Asia/Beirut", "Australia/Lord_Howe", "America/St_Johns",
	"Africa/Cairo", "Pacific/Chatham", "Asia/Shanghai", "Pacific/Apia", "America/Asuncion", "Asia/Kolkata",
}

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func date(t testing.TB, s string) Day {
	t.Helper()
	d, err := ParseDay(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// dateList parses several dates.
func dateList(t testing.TB, texts ...string) []Day {
	t.Helper()
	days := make([]Day, len(texts))
	for i, text := range texts {
		days[i] = date(t, text)
	}
	return days
}

// local is a time such as "2026-01-31 09:00", or with seconds, on the clocks of z.
func local(t testing.TB, when string, z *time.Location) Local {
	t.Helper()
	layout := "2006-01-02 15:04:05"
	at, err := time.ParseInLocation(layout[:len(when)], when, z)
	if err != nil {
		t.Fatal(err)
	}
	return At(at, z)
}

// instant parses an RFC 3339 instant.
func instant(t testing.TB, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// shippedAs returns the calendar of this name that ships with the program.
func shippedAs(t testing.TB, name string) *Calendar {
	t.Helper()
	all, err := Shipped()
	if err != nil {
		t.Fatal(err)
	}
	if all[name] == nil {
		t.Fatalf("there is no calendar %q", name)
	}
	return all[name]
}

// table returns hours with the given windows, which are in hours of the day.
func table(t testing.TB, c *Calendar, days map[string][]Window) *Hours {
	t.Helper()
	h := &Hours{Calendar: c}
	for selector, windows := range days {
		var seconds []Window
		for _, w := range windows {
			seconds = append(seconds, Window{w.From * 3600, w.To * 3600})
		}
		if err := h.Set(selector, seconds); err != nil {
			t.Fatal(err)
		}
	}
	return h
}
