package calendar

import (
	"testing"
	"time"
)

// table makes hours of selectors and windows in hours of the day.
func table(t *testing.T, c *Calendar, days map[string][]Window) *Hours {
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

func local(t *testing.T, when string, z *time.Location) Local {
	t.Helper()
	at, err := time.ParseInLocation("2006-01-02 15:04", when, z)
	if err != nil {
		t.Fatal(err)
	}
	return At(at, z)
}

func TestClosedDayStaysClosed(t *testing.T) {
	z := zone(t, "Europe/Rome")
	// 5 April 2026 is a Sunday, and the eve of Easter Monday; 2 June is a
	// Tuesday, 1 November a Sunday. 4 April is a Saturday that works.
	c := New("it", []Day{date(t, "2026-04-06"), date(t, "2026-06-02"), date(t, "2026-11-01")}, []Day{date(t, "2026-10-31")})
	week := map[string][]Window{"mon-fri": {{9, 20}}, "eve": {{10, 19}}, "holiday": {{11, 12}}}
	with := func(more map[string][]Window) *Hours {
		days := map[string][]Window{}
		for _, m := range []map[string][]Window{week, more} {
			for day, windows := range m {
				days[day] = windows
			}
		}
		return table(t, c, days)
	}
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
		"a working Saturday, an eve":       {with(map[string][]Window{"sat": {}, "workday": {{9, 18}}}), "2026-10-31 18:30", true},
		"a working Saturday without hours": {with(map[string][]Window{"sat": {}}), "2026-10-31 12:00", false},
		"daily closed, an eve":             {table(t, c2(t), map[string][]Window{"daily": {}, "eve": {{9, 12}}, "mon": {{9, 12}}}), "2026-04-05 10:00", false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := c.hours.Open(local(t, c.at, z)); got != c.open {
				t.Errorf("open %v", got)
			}
		})
	}
}

func c2(t *testing.T) *Calendar { return New("it", []Day{date(t, "2026-04-06")}, nil) }

func TestInlineDatesCoverTheirYears(t *testing.T) {
	c := Inline("x", []Day{date(t, "2026-01-01"), date(t, "2026-12-25"), date(t, "2028-05-01")})
	for day, want := range map[string]bool{
		"2025-12-31": false, "2026-01-01": true, "2026-12-31": true, "2027-01-01": false, "2027-12-31": false, "2028-01-01": true, "2028-12-31": true, "2029-01-01": false,
	} {
		if c.Covers(date(t, day)) != want {
			t.Errorf("%s: covered %v", day, !want)
		}
	}
	if last, ok := c.Last(); !ok || last != date(t, "2028-12-31") {
		t.Errorf("the last is %s, %v", last, ok)
	}
	if gap, ok := c.Gap(); !ok || gap != date(t, "2027-01-01") {
		t.Errorf("the gap is %s, %v", gap, ok)
	}
}

func TestFilesCoverTheirYears(t *testing.T) {
	all, _ := Shipped()
	head := "calendar: x\nversion: '1'\nowner: o\nsource: s\n"
	for name, c := range map[string]struct{ file, last string }{
		"no covers":          {"holidays: [{from: 2026-07-07}, {from: 2027-01-01}]\n", "2027-12-31"},
		"covers":             {"holidays: [{from: 2026-07-07}]\ncovers: {from: 2026-01-01, until: 2027-07-01}\n", "2027-06-30"},
		"extends":            {"extends: cn\nholidays: [{from: 2027-01-01}]\n", "2026-12-31"},
		"extends and covers": {"extends: cn\nholidays: [{from: 2027-01-01}]\ncovers: {from: 2027-01-01, until: 2028-01-01}\n", "2027-12-31"},
		"no holidays at all": {"weekend: [fri, sat]\n", ""},
	} {
		parsed, err := Parse([]byte(head+c.file), all)
		if err != nil {
			t.Fatal(err)
		}
		last, ok := parsed.Last()
		if ok != (c.last != "") || (ok && last.String() != c.last) {
			t.Errorf("%s: %s, %v", name, last, ok)
		}
	}
	both, err := Parse([]byte(head+"extends: cn\nholidays: [{from: 2027-01-01}]\ncovers: {from: 2027-01-01, until: 2028-01-01}\n"), all)
	if err != nil || !both.Covers(date(t, "2026-06-01")) {
		t.Errorf("%v: a year more must not take the others away", err)
	}
}

func TestHoursPastTheCalendar(t *testing.T) {
	z := zone(t, "Asia/Shanghai")
	c := Inline("x", []Day{date(t, "2026-01-01"), date(t, "2026-10-01")})
	h := table(t, c, map[string][]Window{"mon-fri": {{9, 20}}, "eve": {{9, 12}}, "holiday": {}})
	for at, want := range map[string]struct{ surely, perhaps string }{
		"2026-12-30 08:00": {"2026-12-30 09:00", "2026-12-30 09:00"},
		// The last day may be an eve: nobody knows whether 1 January is a holiday.
		"2026-12-31 08:00": {"2026-12-31 09:00", "2026-12-31 09:00"},
		"2026-12-31 15:00": {"", "2026-12-31 15:00"},
		"2026-12-31 20:30": {"", "2027-01-01 09:00"},
		"2027-01-02 12:00": {"", "2027-01-04 09:00"}, // a Saturday
		"2027-01-05 10:00": {"", "2027-01-05 10:00"},
	} {
		l := local(t, at, z)
		for name, got := range map[string]func(Local) (time.Time, bool){want.surely: h.Next, want.perhaps: h.Perhaps} {
			opens, ok := got(l)
			if ok != (name != "") || (ok && opens.In(z).Format("2006-01-02 15:04") != name) {
				t.Errorf("%s: %s, %v; want %q", at, opens.In(z), ok, name)
			}
		}
	}
	// With hours that a holiday has too, those are certain.
	some := table(t, c, map[string][]Window{"daily": {{9, 20}}, "holiday": {{10, 12}}})
	if opens, ok := some.Next(local(t, "2027-05-05 08:00", z)); !ok || opens.In(z).Hour() != 10 {
		t.Errorf("%s, %v", opens.In(z), ok)
	}
	if opens, ok := some.Perhaps(local(t, "2027-05-05 08:00", z)); !ok || opens.In(z).Hour() != 9 {
		t.Errorf("%s, %v", opens.In(z), ok)
	}
}

func TestBusinessDays(t *testing.T) {
	z := zone(t, "Asia/Hong_Kong")
	c := Inline("hk", []Day{date(t, "2026-04-03"), date(t, "2026-04-04"), date(t, "2026-04-06"), date(t, "2026-04-07")})
	for text, want := range map[string]struct{ end, ownDay string }{
		"10 business days":      {"2026-04-15", "2026-04-14"},
		"10 full business days": {"2026-04-15", "2026-04-15"},
		"1 business day":        {"2026-03-28", "2026-03-27"},
		"31 days":               {"2026-04-26", "2026-04-26"},
		"31 full days":          {"2026-04-27", "2026-04-27"},
	} {
		span, err := ParseSpan(text, time.Monday)
		if err != nil {
			t.Fatal(err)
		}
		e := local(t, "2026-03-26 10:00", z).T
		if end := span.End(e, z, c); end.In(z).Format(time.DateOnly) != want.end {
			t.Errorf("%s ends %s, want %s", text, end.In(z), want.end)
		}
		if end := span.FromOwnDay().End(e, z, c); end.In(z).Format(time.DateOnly) != want.ownDay {
			t.Errorf("%s from its own day ends %s, want %s", text, end.In(z), want.ownDay)
		}
	}
	// An own day that is no business day is not the first.
	ten, _ := ParseSpan("1 business day", time.Monday)
	if end := ten.FromOwnDay().End(local(t, "2026-03-28 10:00", z).T, z, c); end.In(z).Format(time.DateOnly) != "2026-03-31" {
		t.Errorf("from a Saturday it ends %s", end.In(z))
	}
	five, _ := ParseSpan("5 business days", time.Monday)
	for at, want := range map[string]bool{"2026-12-20 10:00": true, "2026-12-29 10:00": false, "2027-03-01 10:00": false} {
		if got := five.Certain(local(t, at, z).T, z, c); got != want {
			t.Errorf("from %s: certain %v", at, got)
		}
	}
	// Nobody knows how many business days passed since: what may still count does.
	if since := five.Since(local(t, "2027-02-01 10:00", z), c); since.In(z).Format(time.DateOnly) != "2026-12-25" {
		t.Errorf("since %s", since.In(z))
	}
	if _, err := ParseSpan("3 full business weeks", time.Monday); err == nil {
		t.Error("business weeks")
	}
}
