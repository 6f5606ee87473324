package calendar

import (
	"testing"
	"time"
)

// hongKong covers 2026 only. It has the holidays of April: Friday, Saturday,
// Monday and Tuesday around Easter.
func hongKong(t *testing.T) *Calendar {
	return Inline("hk", dateList(t, "2026-04-03", "2026-04-04", "2026-04-06", "2026-04-07"))
}

func span(t *testing.T, text string) Span {
	t.Helper()
	s, err := ParseSpan(text, time.Monday)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestBusinessDays(t *testing.T) {
	z := zone(t, "Asia/Hong_Kong")
	c := hongKong(t)
	event := local(t, "2026-03-26 10:00", z).T
	for text, want := range map[string]struct{ end, fromOwnDay string }{
		"10 business days":      {"2026-04-15", "2026-04-14"},
		"10 full business days": {"2026-04-15", "2026-04-15"},
		"1 business day":        {"2026-03-28", "2026-03-27"},
		"31 days":               {"2026-04-26", "2026-04-26"},
		"31 full days":          {"2026-04-27", "2026-04-27"},
	} {
		s := span(t, text)
		if got := s.End(event, z, c).In(z).Format(time.DateOnly); got != want.end {
			t.Errorf("%s: ends %s, want %s", text, got, want.end)
		}
		if got := s.FromOwnDay().End(event, z, c).In(z).Format(time.DateOnly); got != want.fromOwnDay {
			t.Errorf("%s from the event's own day: ends %s, want %s", text, got, want.fromOwnDay)
		}
	}
}

func TestBusinessDaysFromSaturday(t *testing.T) {
	z := zone(t, "Asia/Hong_Kong")
	saturday := local(t, "2026-03-28 10:00", z).T
	end := span(t, "1 business day").FromOwnDay().End(saturday, z, hongKong(t))
	if got, want := end.In(z).Format(time.DateOnly), "2026-03-31"; got != want {
		t.Errorf("ends %s, want %s: a Saturday is not the first business day", got, want)
	}
}

func TestBusinessDaysPastTheCalendar(t *testing.T) {
	z := zone(t, "Asia/Hong_Kong")
	c := hongKong(t)
	five := span(t, "5 business days")
	for event, want := range map[string]bool{
		"2026-12-20 10:00": true,
		"2026-12-29 10:00": false,
		"2027-03-01 10:00": false,
	} {
		if got := five.Certain(local(t, event, z).T, z, c); got != want {
			t.Errorf("from %s: certain is %v, want %v", event, got, want)
		}
	}

	// In 2027 any day may be a holiday, so every event of 2027 may still count,
	// and those of the last five business days of 2026.
	since := five.Since(local(t, "2027-02-01 10:00", z), c)
	if got, want := since.In(z).Format(time.DateOnly), "2026-12-25"; got != want {
		t.Errorf("since %s, want %s", got, want)
	}
}
