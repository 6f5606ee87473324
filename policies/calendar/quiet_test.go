package calendar

import "testing"

func TestQuietHours(t *testing.T) {
	h, err := ParseQuiet("22:00-07:00; mon-fri 09:00-17:00,18:00-19:00")
	if err != nil {
		t.Fatal(err)
	}
	checkOpen(t, h, zone(t, "Asia/Shanghai"), map[string]bool{
		"2026-03-02 06:59": false, // a Monday
		"2026-03-02 07:00": true,
		"2026-03-02 09:00": false,
		"2026-03-02 17:00": true,
		"2026-03-02 18:30": false,
		"2026-03-02 21:59": true,
		"2026-03-02 22:00": false,
		"2026-03-07 12:00": true, // a Saturday
		"2026-03-07 23:00": false,
		"2026-03-08 03:00": false,
	})
}

func TestQuietAllDay(t *testing.T) {
	h, err := ParseQuiet("00:00-24:00")
	if err != nil {
		t.Fatal(err)
	}
	if h.Opens() {
		t.Error("the table opens, but every hour is blocked")
	}
}

func TestParseQuietFaults(t *testing.T) {
	for _, bad := range []string{"", "late", "holiday 09:00-10:00", "mon 25:00-26:00", "mon-fri"} {
		if _, err := ParseQuiet(bad); err == nil {
			t.Errorf("%q: got no error", bad)
		}
	}
}
