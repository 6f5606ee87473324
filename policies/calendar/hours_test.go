package calendar

import (
	"maps"
	"testing"
	"time"
)

// checkOpen compares Open with what is wanted at each time.
func checkOpen(t *testing.T, h *Hours, z *time.Location, want map[string]bool) {
	t.Helper()
	for when, open := range want {
		if got := h.Open(local(t, when, z)); got != open {
			t.Errorf("%s: open is %v, want %v", when, got, open)
		}
	}
}

// TestHoursOverClockChanges compares Next with a search minute by minute, for the
// days around four clock changes in a row.
func TestHoursOverClockChanges(t *testing.T) {
	h := table(t, nil, map[string][]Window{"mon-fri": {{9, 12}, {14, 20}}})
	for selector, window := range map[string]Window{
		"sat": {1 * 3600, 2*3600 + 1800}, // 01:00-02:30
		"sun": {1800, 2 * 3600},          // 00:30-02:00
	} {
		if err := h.Set(selector, []Window{window}); err != nil {
			t.Fatal(err)
		}
	}

	for _, name := range zones {
		z := zone(t, name)
		at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		for range 4 {
			_, change := at.In(z).ZoneBounds()
			if change.IsZero() || change.Year() > 2027 {
				change = at.AddDate(0, 3, 0)
			}
			checkNext(t, h, z, change)
			at = change.Add(time.Hour)
		}
	}
}

// checkNext goes backwards from 60 hours after an instant to 60 hours before it.
// So the open minute that it saw last is the next one.
func checkNext(t *testing.T, h *Hours, z *time.Location, around time.Time) {
	t.Helper()
	var want time.Time
	first := around.Add(-60 * time.Hour)
	for m := around.Add(60 * time.Hour); m.After(first); m = m.Add(-time.Minute) {
		l := At(m, z)
		if h.Open(l) {
			want = m
		}
		got, ok := h.Next(l)
		if !want.IsZero() && (!ok || !got.Equal(want)) {
			t.Fatalf("%s at %s: next is %s, want %s", z, m.In(z), got.In(z), want.In(z))
		}
	}
}

func TestHolidaysAndEves(t *testing.T) {
	z := zone(t, "Asia/Shanghai")
	h := table(t, shippedAs(t, "cn"), map[string][]Window{
		"mon-fri": {{9, 18}},
		"holiday": {},
		"eve":     {{9, 12}},
		"workday": {{10, 11}},
	})
	checkOpen(t, h, z, map[string]bool{
		"2026-02-13 10:30": true,
		"2026-02-14 10:30": true, // a Saturday that works, and the eve of Spring Festival
		"2026-02-14 11:30": true,
		"2026-02-14 12:30": false,
		"2026-02-16 10:30": false, // a holiday
		"2026-02-28 10:30": true,  // a Saturday that works
		"2026-02-28 11:30": false,
		"2026-03-07 10:30": false, // a usual Saturday
		"2026-09-30 11:59": true,  // the eve of National Day
		"2026-09-30 12:00": false,
		"2026-10-08 15:00": true,
		// Nobody has proclaimed the holidays of 2027. So a day there has only the
		// hours that it would have on a holiday too: none.
		"2027-03-03 10:00": false,
	})
}

// TestClosedDayStaysClosed uses dates of 2026: 5 April is a Sunday and the eve of
// Easter Monday, 2 June is a Tuesday, 1 November is a Sunday, and 31 October is a
// Saturday that works.
func TestClosedDayStaysClosed(t *testing.T) {
	z := zone(t, "Europe/Rome")
	c := New("it", dateList(t, "2026-04-06", "2026-06-02", "2026-11-01"), dateList(t, "2026-10-31"))
	week := map[string][]Window{"mon-fri": {{9, 20}}, "eve": {{10, 19}}, "holiday": {{11, 12}}}
	with := func(more map[string][]Window) *Hours {
		days := maps.Clone(week)
		maps.Copy(days, more)
		return table(t, c, days)
	}
	dailyClosed := table(t, c, map[string][]Window{"daily": {}, "eve": {{9, 12}}})

	for name, c := range map[string]struct {
		hours *Hours
		at    string
		open  bool
	}{
		"an eve, Sunday closed by name":    {with(map[string][]Window{"sun": {}}), "2026-04-05 12:00", false},
		"an eve, Sunday not named":         {with(nil), "2026-04-05 12:00", false},
		"an eve, Sunday open":              {with(map[string][]Window{"sun": {{9, 13}}}), "2026-04-05 14:00", true},
		"an eve on a Monday":               {with(nil), "2026-06-01 09:30", false},
		"an eve on a Monday, later":        {with(nil), "2026-06-01 10:00", true},
		"a holiday":                        {with(nil), "2026-06-02 11:30", true},
		"a holiday, Sunday closed by name": {with(map[string][]Window{"sun": {}}), "2026-11-01 11:30", false},
		"a holiday, Sunday not named":      {with(nil), "2026-11-01 11:30", true},
		"a working Saturday, an eve": {
			with(map[string][]Window{"sat": {}, "workday": {{9, 18}}}), "2026-10-31 18:30", true,
		},
		"a working Saturday without hours": {with(map[string][]Window{"sat": {}}), "2026-10-31 12:00", false},
		"daily closed, an eve":             {dailyClosed, "2026-04-05 10:00", false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := c.hours.Open(local(t, c.at, z)); got != c.open {
				t.Errorf("%s: open is %v, want %v", c.at, got, c.open)
			}
		})
	}
}

func TestMargin(t *testing.T) {
	h := table(t, nil, map[string][]Window{"daily": {{0, 2}, {20, 24}}})
	h.Margin = 30 * time.Second
	checkOpen(t, h, zone(t, "Asia/Shanghai"), map[string]bool{
		"2026-03-02 01:59:29": true,
		"2026-03-02 01:59:30": false,
		// The next day's hours follow at once, so nothing is taken off.
		"2026-03-02 23:59:59": true,
		"2026-03-02 00:00:00": true,
	})
}
