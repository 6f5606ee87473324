package jurisdiction_test

import (
	"testing"

	"touchgate.dev/policies/jurisdiction"
)

func TestKnownCodes(t *testing.T) {
	for code, want := range map[string]bool{
		"it": true, "IT": true, "uk": true, "gb": true, "us-fl": true, "US-FL": true, "uk-eng": true, "us-ny-nyc": true, "fr-idf": true, "hk": true, "xk": true,
		"": false, "italy": false, "usa": false, "us-": false, "-us": false, "us_fl": false, "us-fla": false, "de-bavaria": false, "eu": false, "zz": false, "us fl": false, "us-ny-": false, "ус": false,
	} {
		if jurisdiction.Known(code) != want {
			t.Errorf("%q: known %v", code, !want)
		}
	}
}

func TestNearestCode(t *testing.T) {
	for code, want := range map[string]string{
		"italy": "it", "Italy": "it", "itali": "it", "USA": "us", "us_fl": "us-fl", "US FL": "us-fl", "us-fla": "us-fl", "florida": "us-fl",
		"New York": "us-ny", "united_states": "us", "de-bavaria": "de-by", "bavaria": "de-by", "england": "gb-eng", "zz": "", "atlantis": "",
	} {
		if got := jurisdiction.Nearest(code); got != want {
			t.Errorf("%q: nearest %q, want %q", code, got, want)
		}
	}
}

func TestCovers(t *testing.T) {
	for _, c := range []struct {
		place, other string
		want         bool
	}{{"us", "us", true}, {"us", "us-fl", true}, {"us-fl", "us", false}, {"us", "uss", false}, {"us-ny", "us-ny-nyc", true}} {
		if jurisdiction.Covers(c.place, c.other) != c.want {
			t.Errorf("%s and %s: %v", c.place, c.other, !c.want)
		}
	}
	if jurisdiction.Canonical("UK-ENG") != "gb-eng" || jurisdiction.Canonical("ukr") != "ukr" {
		t.Error("the United Kingdom has two codes")
	}
}
