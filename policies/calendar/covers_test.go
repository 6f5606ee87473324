package calendar

import (
	"testing"
	"time"
)

func TestInlineCovers(t *testing.T) {
	c := Inline("x", dateList(t, "2026-01-01", "2026-12-25", "2028-05-01"))
	for day, want := range map[string]bool{
		"2025-12-31": false,
		"2026-01-01": true,
		"2026-12-31": true,
		"2027-01-01": false, // no date of 2027 is named
		"2027-12-31": false,
		"2028-01-01": true,
		"2028-12-31": true,
		"2029-01-01": false,
	} {
		if got := c.Covers(date(t, day)); got != want {
			t.Errorf("%s: covered is %v, want %v", day, got, want)
		}
	}

	if last, ok := c.Last(); !ok || last != date(t, "2028-12-31") {
		t.Errorf("the last date is %s, %v; want 2028-12-31", last, ok)
	}
	if gap, ok := c.Gap(); !ok || gap != date(t, "2027-01-01") {
		t.Errorf("the gap is %s, %v; want 2027-01-01", gap, ok)
	}
}

func TestFileCovers(t *testing.T) {
	for name, c := range map[string]struct{ file, last string }{
		"no covers": {
			file: "holidays: [{from: 2026-07-07}, {from: 2027-01-01}]\n",
			last: "2027-12-31",
		},
		"covers": {
			file: "holidays: [{from: 2026-07-07}]\ncovers: {from: 2026-01-01, until: 2027-07-01}\n",
			last: "2027-06-30",
		},
		"extends": {
			file: "extends: cn\nholidays: [{from: 2027-01-01}]\n",
			last: "2026-12-31",
		},
		"extends and covers": {
			file: "extends: cn\nholidays: [{from: 2027-01-01}]\ncovers: {from: 2027-01-01, until: 2028-01-01}\n",
			last: "2027-12-31",
		},
		"no holidays": {
			file: "weekend: [fri, sat]\n",
			last: "",
		},
	} {
		last, ok := parse(t, head+c.file).Last()
		if ok != (c.last != "") || (ok && last.String() != c.last) {
			t.Errorf("%s: the last date is %s, %v; want %q", name, last, ok, c.last)
		}
	}
}

func TestExtendedFileCoversBothYears(t *testing.T) {
	file := head + "extends: cn\nholidays: [{from: 2027-01-01}]\ncovers: {from: 2027-01-01, until: 2028-01-01}\n"
	if !parse(t, file).Covers(date(t, "2026-06-01")) {
		t.Error("a file that adds 2027 no longer covers 2026")
	}
}

// wantOpening checks an instant that Next or Perhaps returned. want is "" if they
// should return none.
func wantOpening(t *testing.T, what string, z *time.Location, got time.Time, ok bool, want string) {
	t.Helper()
	text := ""
	if ok {
		text = got.In(z).Format("2006-01-02 15:04")
	}
	if text != want {
		t.Errorf("%s: opens %q, want %q", what, text, want)
	}
}

func TestHoursPastTheCalendar(t *testing.T) {
	z := zone(t, "Asia/Shanghai")
	c := Inline("x", dateList(t, "2026-01-01", "2026-10-01"))
	h := table(t, c, map[string][]Window{"mon-fri": {{9, 20}}, "eve": {{9, 12}}, "holiday": {}})
	for at, want := range map[string]struct{ surely, perhaps string }{
		"2026-12-30 08:00": {"2026-12-30 09:00", "2026-12-30 09:00"},
		// 31 December may be an eve: nobody knows whether 1 January is a holiday.
		"2026-12-31 08:00": {"2026-12-31 09:00", "2026-12-31 09:00"},
		"2026-12-31 15:00": {"", "2026-12-31 15:00"},
		"2026-12-31 20:30": {"", "2027-01-01 09:00"},
		"2027-01-02 12:00": {"", "2027-01-04 09:00"}, // a Saturday
		"2027-01-05 10:00": {"", "2027-01-05 10:00"},
	} {
		next, ok := h.Next(local(t, at, z))
		wantOpening(t, "Next at "+at, z, next, ok, want.surely)
		next, ok = h.Perhaps(local(t, at, z))
		wantOpening(t, "Perhaps at "+at, z, next, ok, want.perhaps)
	}
}

// TestSureHoursPastTheCalendar: hours that even a holiday has are certain.
func TestSureHoursPastTheCalendar(t *testing.T) {
	z := zone(t, "Asia/Shanghai")
	c := Inline("x", dateList(t, "2026-01-01", "2026-10-01"))
	h := table(t, c, map[string][]Window{"daily": {{9, 20}}, "holiday": {{10, 12}}})
	at := local(t, "2027-05-05 08:00", z)

	next, ok := h.Next(at)
	wantOpening(t, "Next", z, next, ok, "2027-05-05 10:00")
	next, ok = h.Perhaps(at)
	wantOpening(t, "Perhaps", z, next, ok, "2027-05-05 09:00")
}
