package calendar

import (
	"math/rand/v2"
	"testing"
	"time"
)

func TestSpanEnd(t *testing.T) {
	paris := zone(t, "Europe/Paris")
	cn := shippedAs(t, "cn")
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
		// China: 1 to 5 May are holidays. 6, 7 and 8 May are the three days.
		{"3 business days", "2026-04-30T12:05:00+02:00", "2026-05-09T00:00:00+02:00", cn},
	} {
		span, err := ParseSpan(c.span, time.Monday)
		if err != nil {
			t.Fatal(err)
		}
		got, want := span.End(instant(t, c.event), paris, c.calendar), instant(t, c.end)
		if !got.Equal(want) {
			t.Errorf("%s from %s: ends %s, want %s", c.span, c.event, got.In(paris).Format(time.RFC3339Nano), c.end)
		}
	}
}

func TestSpanForever(t *testing.T) {
	span, err := ParseSpan("forever", time.Monday)
	if err != nil {
		t.Fatal(err)
	}
	if end := span.End(time.Now(), time.UTC, nil); !end.IsZero() || !span.Forever() {
		t.Errorf("forever ends %s, and Forever is %v", end, span.Forever())
	}
}

func TestParseSpanFaults(t *testing.T) {
	for _, bad := range []string{
		"", "7", "-1d", "0 days", "1.5 days", "full days", "7 business weeks", "3 full business weeks",
		"7 full calendar days", "7 days ago", "9999 years", "fortnight",
	} {
		if span, err := ParseSpan(bad, time.Monday); err == nil {
			t.Errorf("%q: got %+v, want an error", bad, span)
		}
	}
}

// TestSpanSinceAgreesWithEnd checks that the two directions of a span agree: an
// event at e counts at an instant t if e is not before Since(t), and exactly then
// t is before End(e).
func TestSpanSinceAgreesWithEnd(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	england := shippedAs(t, "gb-england")
	firstEvent := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()
	const twoYears = 2 * 365 * 86400 * 1000 // in milliseconds

	for _, text := range []string{
		"90s", "72h", "30d", "1 day", "7 days", "60 full days", "2 weeks", "1 month", "6 months", "1 year",
		"2 full months", "10 business days", "day", "week", "month", "year", "3 calendar weeks",
	} {
		span, err := ParseSpan(text, time.Sunday)
		if err != nil {
			t.Fatal(err)
		}
		for range 400 {
			z := zone(t, zones[r.IntN(len(zones))])
			event := time.UnixMilli(firstEvent + r.Int64N(twoYears))
			since := span.Since(At(event, z), england)
			if back := event.Sub(since); back > span.Max()+24*time.Hour {
				t.Fatalf("%s in %s: looks back %s, more than Max, %s", text, z, back, span.Max())
			}

			end := span.End(event, z, england)
			someTimeLater := end.Add(time.Duration(r.Int64N(int64(48 * time.Hour))))
			for _, at := range []time.Time{end.Add(-time.Millisecond), end, someTimeLater} {
				counts := !event.Before(span.Since(At(at, z), england))
				if counts != at.Before(end) {
					t.Fatalf("%s in %s: event %s ends %s, but counts at %s: %v", text, z, event, end, at, counts)
				}
			}
		}
	}
}
