package ledgertest

import (
	"os"
	"strings"
	"testing"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// MigrateNumbers tests the migration that writes listed telephone numbers in
// full. It lists numbers as older builds did, and calls reopen, which must run
// the migration again and return the ledger.
func MigrateNumbers(t *testing.T, l *ledger.Ledger, reopen func() *ledger.Ledger) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	soon, late := now.Add(time.Hour), now.Add(time.Hour*24)
	entry := func(key, scope string, until *time.Time) touch.Listing {
		return touch.Listing{List: touch.Suppression, Key: key, Scope: scope, Since: now, Until: until, Owner: "o", Reason: "r"}
	}
	old := []touch.Listing{
		entry("phone:8613800000001", "", nil),
		entry("phone:008613800000002", "marketing", &late),
		// One number in three spellings: the longest entry stays.
		entry("phone:+8613800000003", "", &soon),
		entry("phone:8613800000003", "", &late),
		entry("phone:008613800000003", "", nil),
		entry("phone:07700900001", "", nil), // of an unknown country: stays
		entry("push:8613800000001", "", nil),
		entry("customer:8613800000001", "", nil),
	}
	if err := l.Listings.Put(t.Context(), old, "k", now); err != nil {
		t.Fatal(err)
	}

	l = reopen()
	keys := []string{
		"phone:+8613800000001", "phone:+8613800000002", "phone:+8613800000003", "phone:07700900001",
		"push:8613800000001", "customer:8613800000001",
	}
	live, err := l.Listings.Live(t.Context(), keys, now.Add(2*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range keys {
		if len(live[key]) != 1 || live[key][0].Owner != "o" {
			t.Errorf("%s: %+v, want one entry", key, live[key])
		}
	}
	if e := live["phone:+8613800000003"]; len(e) == 1 && e[0].Until != nil {
		t.Errorf("a shorter entry replaced the one for ever: %+v", e[0])
	}
	if all, err := l.Listings.List(t.Context(), touch.Suppression, ledger.ListingCursor{}, 100); err != nil || len(all) != len(keys) {
		t.Errorf("%d entries, want %d (%v)", len(all), len(keys), err)
	}
}

// MigrationUp returns the statements of a migration, so that a test can run it on
// a ledger that is filled, whatever migrations came after it.
func MigrationUp(t testing.TB, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, up, begins := strings.Cut(string(text), "-- +goose Up\n")
	up, _, ends := strings.Cut(up, "-- +goose Down\n")
	if !begins || !ends {
		t.Fatalf("%s has no two parts", path)
	}
	return up
}
