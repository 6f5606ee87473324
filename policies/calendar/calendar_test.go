package calendar

import (
	"testing"
	"time"
)

func TestDayStart(t *testing.T) {
	for _, name := range zones {
		z := zone(t, name)
		for d := date(t, "2026-01-01"); d < date(t, "2028-01-01"); d++ {
			start := d.Start(z)
			if got := At(start, z).Day(); got < d {
				t.Fatalf("%s: start of %s is %s, which is still %s", name, d, start, got)
			}
			if got := At(start.Add(-time.Nanosecond), z).Day(); got >= d {
				t.Fatalf("%s: start of %s is %s, but it was %s before that", name, d, start, got)
			}
		}
	}
}

func TestDayStartWithoutMidnight(t *testing.T) {
	// In Beirut the clocks go forward at midnight, so the day begins at 01:00.
	beirut := zone(t, "Asia/Beirut")
	if got := date(t, "2026-03-29").Start(beirut).In(beirut); got.Hour() != 1 {
		t.Errorf("Beirut: start of 2026-03-29 is %s, want 01:00", got)
	}

	// Samoa left out 30 December 2011 altogether.
	apia := zone(t, "Pacific/Apia")
	skipped := date(t, "2011-12-30").Start(apia)
	next := date(t, "2011-12-31").Start(apia)
	if !skipped.Equal(next) {
		t.Errorf("Samoa: start of 2011-12-30 is %s, want %s, the start of the next day", skipped, next)
	}
}

func TestWeekday(t *testing.T) {
	for day, want := range map[string]time.Weekday{
		"1970-01-01": time.Thursday,
		"1969-12-31": time.Wednesday,
		"2026-11-22": time.Sunday,
	} {
		if got := date(t, day).Weekday(); got != want {
			t.Errorf("%s: got %s, want %s", day, got, want)
		}
	}
}

func TestAddMonths(t *testing.T) {
	for _, c := range []struct {
		from   string
		months int
		want   string
	}{
		{"2026-01-15", 1, "2026-02-15"},
		{"2026-01-31", 1, "2026-03-01"},
		{"2028-01-30", 1, "2028-03-01"},
		{"2026-12-31", 12, "2027-12-31"},
		{"2026-03-31", -1, "2026-03-01"},
	} {
		if got := date(t, c.from).AddMonths(c.months).String(); got != c.want {
			t.Errorf("%s and %d months: got %s, want %s", c.from, c.months, got, c.want)
		}
	}
}
