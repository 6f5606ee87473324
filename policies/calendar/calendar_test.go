package calendar

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

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

// zones with every way of changing the clocks.
var zones = []string{"Europe/London", "America/New_York", "America/Havana", "Asia/Beirut", "Australia/Lord_Howe",
	"America/St_Johns", "Africa/Cairo", "Pacific/Chatham", "Asia/Shanghai", "Pacific/Apia", "America/Asuncion", "Asia/Kolkata"}

func TestStart(t *testing.T) {
	for _, name := range zones {
		z := zone(t, name)
		for d := date(t, "2026-01-01"); d < date(t, "2028-01-01"); d++ {
			start := d.Start(z)
			if got := At(start, z).Day(); got < d {
				t.Fatalf("%s: %s begins at %s, which is on %s", name, d, start, got)
			}
			if got := At(start.Add(-time.Nanosecond), z).Day(); got >= d {
				t.Fatalf("%s: %s begins at %s, but was on %s before", name, d, start, got)
			}
		}
	}
	// Midnight does not exist in Beirut on the day the clocks go forward.
	if got := date(t, "2026-03-29").Start(zone(t, "Asia/Beirut")); got.In(zone(t, "Asia/Beirut")).Hour() != 1 {
		t.Errorf("29 March begins at %s in Beirut", got.In(zone(t, "Asia/Beirut")))
	}
	// And Samoa left out 30 December 2011 altogether.
	if apia := zone(t, "Pacific/Apia"); !date(t, "2011-12-30").Start(apia).Equal(date(t, "2011-12-31").Start(apia)) {
		t.Error("30 December 2011 was in Samoa")
	}
}

func TestWeekdayAndMonths(t *testing.T) {
	for s, want := range map[string]time.Weekday{"1970-01-01": time.Thursday, "1969-12-31": time.Wednesday, "2026-11-22": time.Sunday} {
		if got := date(t, s).Weekday(); got != want {
			t.Errorf("%s is a %s", s, got)
		}
	}
	for _, c := range []struct {
		from, to string
		n        int
	}{{"2026-01-15", "2026-02-15", 1}, {"2026-01-31", "2026-03-01", 1}, {"2028-01-30", "2028-03-01", 1}, {"2026-12-31", "2027-12-31", 12}, {"2026-03-31", "2026-03-01", -1}} {
		if got := date(t, c.from).AddMonths(c.n).String(); got != c.to {
			t.Errorf("%s and %d months is %s, want %s", c.from, c.n, got, c.to)
		}
	}
}

func TestSpanForms(t *testing.T) {
	paris := zone(t, "Europe/Paris")
	cn, _ := Shipped()
	for _, c := range []struct {
		span, event, end string
		calendar         *Calendar
	}{
		{"72h", "2026-03-28T10:00:00+01:00", "2026-03-31T11:00:00.001+02:00", nil}, // the clocks go forward
		{"7d", "2026-03-02T10:00:00+01:00", "2026-03-09T10:00:00.001+01:00", nil},
		{"7 days", "2026-03-02T23:59:59+01:00", "2026-03-09T00:00:00+01:00", nil},
		{"1 day", "2026-03-02T00:00:00+01:00", "2026-03-03T00:00:00+01:00", nil},
		{"60 full days", "2026-04-01T15:05:00+02:00", "2026-06-01T00:00:00+02:00", nil},
		{"2 weeks", "2026-03-02T10:00:00+01:00", "2026-03-16T00:00:00+01:00", nil},
		{"1 month", "2026-01-31T10:00:00+01:00", "2026-03-01T00:00:00+01:00", nil},
		{"1 year", "2028-02-29T10:00:00+01:00", "2029-03-01T00:00:00+01:00", nil},
		{"week", "2026-03-05T10:00:00+01:00", "2026-03-09T00:00:00+01:00", nil},
		{"month", "2026-03-05T10:00:00+01:00", "2026-04-01T00:00:00+02:00", nil},
		{"2 calendar months", "2026-03-05T10:00:00+01:00", "2026-05-01T00:00:00+02:00", nil},
		{"year", "2026-03-05T10:00:00+01:00", "2027-01-01T00:00:00+01:00", nil},
		{"10 business days", "2026-04-22T12:05:00+02:00", "2026-05-07T00:00:00+02:00", nil},
		{"3 business days", "2026-04-30T12:05:00+02:00", "2026-05-10T00:00:00+02:00", cn["cn"]}, // 6, 7 and 8 May; the 9th is a Saturday that works
	} {
		s, err := ParseSpan(c.span, time.Monday)
		if err != nil {
			t.Fatal(err)
		}
		event, _ := time.Parse(time.RFC3339, c.event)
		want, _ := time.Parse(time.RFC3339Nano, c.end)
		if c.calendar != nil {
			want = date(t, "2026-05-09").Start(paris)
		}
		if got := s.End(event, paris, c.calendar); !got.Equal(want) {
			t.Errorf("%s from %s ends %s, want %s", c.span, c.event, got.In(paris).Format(time.RFC3339Nano), want.In(paris))
		}
	}
	if s, _ := ParseSpan("forever", 1); !s.End(time.Now(), paris, nil).IsZero() || !s.Forever() {
		t.Error("forever ends")
	}
	for _, bad := range []string{"", "7", "-1d", "0 days", "1.5 days", "full days", "7 business weeks", "7 full calendar days", "7 days ago", "9999 years", "fortnight"} {
		if s, err := ParseSpan(bad, 1); err == nil {
			t.Errorf("%q was read as %+v", bad, s)
		}
	}
}

// The two directions of a span agree: what began at e counts at t exactly when
// e is not before Since(t), and exactly when t is before End(e).
func TestSinceAndEndAgree(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	gb, err := Shipped()
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"90s", "72h", "30d", "1 day", "7 days", "60 full days", "2 weeks", "1 month", "6 months", "1 year", "2 full months", "10 business days", "day", "week", "month", "year", "3 calendar weeks"} {
		s, err := ParseSpan(text, time.Sunday)
		if err != nil {
			t.Fatal(err)
		}
		for range 400 {
			z := zone(t, zones[r.IntN(len(zones))])
			now := time.UnixMilli(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli() + r.Int64N(2*365*86400*1000))
			end := s.End(now, z, gb["gb-england"])
			since := s.Since(At(now, z), gb["gb-england"])
			if now.Sub(since) > s.Max()+24*time.Hour {
				t.Fatalf("%s: looks back %s, more than %s", text, now.Sub(since), s.Max())
			}
			for _, at := range []time.Time{end.Add(-time.Millisecond), end, end.Add(time.Duration(r.Int64N(int64(48 * time.Hour))))} {
				counts := !now.Before(s.Since(At(at, z), gb["gb-england"]))
				if counts != at.Before(end) {
					t.Fatalf("%s in %s: an event at %s ends at %s, but at %s it counts: %v", text, z, now, end, at, counts)
				}
			}
		}
	}
}

func TestHoursOverClockChanges(t *testing.T) {
	h := &Hours{}
	for selector, windows := range map[string][]Window{"mon-fri": {{9 * 3600, 12 * 3600}, {14 * 3600, 20 * 3600}}, "sat": {{3600, 2*3600 + 1800}}, "sun": {{1800, 7200}}} {
		if err := h.Set(selector, windows); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range zones {
		z := zone(t, name)
		// Every minute of the days around the changes of 2026.
		at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		for range 4 {
			_, change := at.In(z).ZoneBounds()
			if change.IsZero() || change.Year() > 2027 {
				change = at.AddDate(0, 3, 0)
			}
			next := time.Time{}
			for m := change.Add(60 * time.Hour); m.After(change.Add(-60 * time.Hour)); m = m.Add(-time.Minute) {
				l := At(m, z)
				if h.Open(l) {
					next = m
				}
				got, ok := h.Next(l)
				if !next.IsZero() && (!ok || !got.Equal(next)) {
					t.Fatalf("%s at %s: next is %s, want %s", name, m.In(z), got.In(z), next.In(z))
				}
			}
			at = change.Add(time.Hour)
		}
	}
}

func TestHolidaysAndEves(t *testing.T) {
	all, err := Shipped()
	if err != nil {
		t.Fatal(err)
	}
	cn := all["cn"]
	h := &Hours{Calendar: cn}
	for selector, windows := range map[string][]Window{"mon-fri": {{9 * 3600, 18 * 3600}}, "holiday": {}, "eve": {{9 * 3600, 12 * 3600}}, "workday": {{10 * 3600, 11 * 3600}}} {
		if err := h.Set(selector, windows); err != nil {
			t.Fatal(err)
		}
	}
	z := zone(t, "Asia/Shanghai")
	for when, want := range map[string]bool{
		"2026-02-13 10:30": true, "2026-02-14 10:30": true, // a Saturday that works, and an eve
		"2026-02-14 11:30": true, "2026-02-14 12:30": false, "2026-02-16 10:30": false,
		"2026-02-28 10:30": true, "2026-02-28 11:30": false, "2026-03-07 10:30": false,
		"2026-09-30 11:59": true, "2026-09-30 12:00": false, "2026-10-08 15:00": true,
	} {
		at, _ := time.ParseInLocation("2006-01-02 15:04", when, z)
		if got := h.Open(At(at, z)); got != want {
			t.Errorf("%s: open %v", when, got)
		}
	}
	// Nobody has proclaimed 2027 yet: a day there has only the hours that it
	// would have on a holiday too, which are none.
	at := time.Date(2027, 3, 3, 10, 0, 0, 0, z)
	if h.Open(At(at, z)) || cn.Covers(date(t, "2027-01-01")) || !cn.Covers(date(t, "2026-12-31")) {
		t.Error("a year that was not proclaimed is open")
	}
	if !cn.Business(date(t, "2026-02-28")) || cn.Business(date(t, "2026-02-23")) || cn.Business(date(t, "2026-03-01")) {
		t.Error("business days")
	}
}

func TestShippedCalendars(t *testing.T) {
	all, err := Shipped()
	if err != nil {
		t.Fatal(err)
	}
	for name, days := range map[string][]string{
		"us-federal":  {"2026-07-03", "2026-07-04", "2026-11-26", "2027-12-31"},
		"gb-england":  {"2026-04-03", "2026-12-28", "2026-05-25"},
		"fr":          {"2026-01-01", "2026-04-06", "2026-05-01", "2026-05-08", "2026-05-14", "2026-05-25", "2026-07-14"},
		"de":          {"2026-10-03", "2026-05-14"},
		"au-national": {"2026-01-26", "2026-04-03", "2026-04-06", "2026-04-25", "2026-12-25"},
		"ca-federal":  {"2026-07-01"},
	} {
		c := all[name]
		if c == nil || c.Owner == "" || c.Source == "" || c.Version == "" {
			t.Errorf("%s is missing or has no owner", name)
			continue
		}
		for _, d := range days {
			if !c.Holiday(date(t, d)) {
				t.Errorf("%s: %s is no holiday", name, d)
			}
		}
		if c.Holiday(date(t, "2026-06-10")) {
			t.Errorf("%s: 10 June 2026 is a holiday", name)
		}
	}
}

func TestParseCalendar(t *testing.T) {
	all, _ := Shipped()
	head := "calendar: x\nversion: '1'\nowner: o\nsource: s\n"
	c, err := Parse([]byte(head+"extends: cn\nholidays: [{from: 2026-07-07, name: Flood}]\n"), all)
	if err != nil || !c.Holiday(date(t, "2026-07-07")) || !c.Holiday(date(t, "2026-10-01")) || all["cn"].Holiday(date(t, "2026-07-07")) {
		t.Errorf("%v: an extension adds and leaves the other as it was", err)
	}
	for document, message := range map[string]string{
		"calendar: x\n":                     "an owner",
		head + "extends: narnia\n":          "narnia",
		head + "weekend: [caturday]\n":      "caturday",
		head + "holidays: [{from: soon}]\n": "not a date",
		head + "hollidays: []\n":            "hollidays",
		head + "library: us-federal\n":      "the years",
		head + "library: x\ncovers: {from: 2026-01-01, until: 2027-01-01}\n": "has no",
		head + "covers: {from: 2026-01-01, until: 2026-01-01}\n":             "no day",
		head + "holidays: [{from: 2026-01-02, to: 2026-01-01}]\n":            "is not valid",
		head + "holidays: [{from: 2026-01-02, to: 2027-01-01}]\n":            "is not valid",
	} {
		if _, err := Parse([]byte(document), all); err == nil || !strings.Contains(err.Error(), message) {
			t.Errorf("%q: %v, want %q", document, err, message)
		}
	}
}

func TestQuietHours(t *testing.T) {
	z := zone(t, "Asia/Shanghai")
	h, err := ParseQuiet("22:00-07:00; mon-fri 09:00-17:00,18:00-19:00")
	if err != nil {
		t.Fatal(err)
	}
	for when, want := range map[string]bool{ // 2 March 2026 is a Monday
		"02 06:59": false, "02 07:00": true, "02 09:00": false, "02 17:00": true, "02 18:30": false, "02 21:59": true, "02 22:00": false,
		"07 12:00": true, "07 23:00": false, "08 03:00": false,
	} {
		at, _ := time.ParseInLocation("2006-01-02 15:04", "2026-03-"+when, z)
		if got := h.Open(At(at, z)); got != want {
			t.Errorf("%s: open %v", when, got)
		}
	}
	for _, bad := range []string{"", "late", "holiday 09:00-10:00", "mon 25:00-26:00", "mon-fri"} {
		if _, err := ParseQuiet(bad); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
	// A window that begins and ends at the same time blocks the whole day.
	if h, err := ParseQuiet("00:00-24:00"); err != nil || h.Opens() {
		t.Errorf("%v: a day that is blocked opens", err)
	}
}

func TestMargin(t *testing.T) {
	z := zone(t, "Asia/Shanghai")
	h := &Hours{Margin: 30 * time.Second}
	if err := h.Set("daily", []Window{{0, 2 * 3600}, {20 * 3600, 24 * 3600}}); err != nil {
		t.Fatal(err)
	}
	for when, want := range map[string]bool{"01:59:29": true, "01:59:30": false, "23:59:59": true, "00:00:00": true} {
		at, _ := time.ParseInLocation("2006-01-02 15:04:05", "2026-03-02 "+when, z)
		if got := h.Open(At(at, z)); got != want {
			t.Errorf("%s: open %v", when, got)
		}
	}
}
