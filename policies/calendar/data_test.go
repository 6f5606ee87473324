package calendar

import (
	"strings"
	"testing"
)

// head is the part of a calendar's file that every file needs.
const head = "calendar: x\nversion: '1'\nowner: o\nsource: s\n"

// parse parses a file that may extend the shipped calendars.
func parse(t *testing.T, file string) *Calendar {
	t.Helper()
	all, err := Shipped()
	if err != nil {
		t.Fatal(err)
	}
	c, err := Parse([]byte(file), all)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestShippedCalendars(t *testing.T) {
	for name, days := range map[string][]string{
		"us-federal":  {"2026-07-03", "2026-07-04", "2026-11-26", "2027-12-31"},
		"gb-england":  {"2026-04-03", "2026-12-28", "2026-05-25"},
		"fr":          {"2026-01-01", "2026-04-06", "2026-05-01", "2026-05-08", "2026-05-14", "2026-05-25", "2026-07-14"},
		"de":          {"2026-10-03", "2026-05-14"},
		"au-national": {"2026-01-26", "2026-04-03", "2026-04-06", "2026-04-25", "2026-12-25"},
		"ca-federal":  {"2026-07-01"},
	} {
		c := shippedAs(t, name)
		if c.Owner == "" || c.Source == "" || c.Version == "" {
			t.Errorf("%s: owner %q, source %q, version %q; want all", name, c.Owner, c.Source, c.Version)
		}
		for _, day := range days {
			if !c.Holiday(date(t, day)) {
				t.Errorf("%s: %s is not a holiday", name, day)
			}
		}
		if c.Holiday(date(t, "2026-06-10")) {
			t.Errorf("%s: 2026-06-10 is a holiday", name)
		}
	}
}

func TestChineseBusinessDays(t *testing.T) {
	cn := shippedAs(t, "cn")
	for day, want := range map[string]bool{
		"2026-02-28": true, // a Saturday that works
		"2026-02-23": false,
		"2026-03-01": false,
	} {
		if got := cn.Business(date(t, day)); got != want {
			t.Errorf("%s: business day is %v, want %v", day, got, want)
		}
	}
	if !cn.Covers(date(t, "2026-12-31")) || cn.Covers(date(t, "2027-01-01")) {
		t.Error("the calendar does not end with 2026")
	}
}

func TestExtendedCalendar(t *testing.T) {
	flood := date(t, "2026-07-07")
	c := parse(t, head+"extends: cn\nholidays: [{from: 2026-07-07, name: Flood}]\n")
	if !c.Holiday(flood) || !c.Holiday(date(t, "2026-10-01")) {
		t.Error("the extension lacks its own holiday or one of the other calendar")
	}
	if shippedAs(t, "cn").Holiday(flood) {
		t.Error("the extension changed the other calendar")
	}
}

func TestParseCalendarFaults(t *testing.T) {
	all, err := Shipped()
	if err != nil {
		t.Fatal(err)
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
			t.Errorf("%q: got error %v, want one with %q", document, err, message)
		}
	}
}
