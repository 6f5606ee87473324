package validate_test

import (
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"
	"pgregory.net/rapid"

	"touchgate.dev/gateway/validate"
	"touchgate.dev/touch"
)

func phones(t interface{ Fatal(...any) }, region string) *validate.Phones {
	p, err := validate.NewPhones(region)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPhoneSpellings(t *testing.T) {
	const mobile = "+8613800000009"
	for number, want := range map[string]struct{ anywhere, inChina string }{
		"+8613800000009":                   {mobile, mobile},
		"008613800000009":                  {mobile, mobile},
		"8613800000009":                    {"", mobile},
		"13800000009":                      {"", mobile},
		"+86 138-0000 0009":                {mobile, mobile},
		"0086 138 0000 0009":               {mobile, mobile},
		" +8613800000009 ":                 {mobile, mobile},
		"+86\u00a0138\u20110000\u20130009": {mobile, mobile}, // no-break space, two kinds of dash
		"＋８６１３８０００００００９":                   {mobile, mobile}, // full width
		"+86 (138) 0000.0009":              {mobile, mobile},
		"+44 (0)7700 900001":               {"+447700900001", "+447700900001"},
		"+4407700900001":                   {"+447700900001", "+447700900001"},
		"+39 06 12345678":                  {"+390612345678", "+390612345678"}, // Italy keeps its 0
		"+0000000":                         {},
		"+99912345678":                     {},
		"+8613":                            {},
		"+86138000000091234":               {},
		"95588":                            {},
		"+1 800 FLOWERS":                   {},
		"tel:+8613800000009":               {},
		"+8613800000009;ext=5":             {},
		"+8613800000009\u202c":             {},
		"+8613800000009x5":                 {},
		"++8613800000009":                  {mobile, mobile},
		"+":                                {},
		" ":                                {},
	} {
		for region, want := range map[string]string{"": want.anywhere, "CN": want.inChina} {
			got, ok := phones(t, region).Canonical(number)
			if got != want || ok != (want != "") {
				t.Errorf("%q in region %q: got %q, %v; want %q", number, region, got, ok, want)
			}
		}
	}
}

func TestPhoneRegion(t *testing.T) {
	for region, good := range map[string]bool{"": true, "GB": true, "gb": false, "UK": false, "CHN": false, "ZZ": false} {
		if _, err := validate.NewPhones(region); (err == nil) != good {
			t.Errorf("region %q: %v", region, err)
		}
	}
}

// TestPhoneOneSpelling writes numbers in many ways. All ways of one number must
// become the same text, whatever stands between the digits.
func TestPhoneOneSpelling(t *testing.T) {
	p := phones(t, "")
	rapid.Check(t, func(t *rapid.T) {
		code := rapid.SampledFrom([]string{"86", "44", "1", "49", "33", "351", "852", "91", "54", "52"}).Draw(t, "country code")
		number := code + rapid.StringMatching(`[2-9][0-9]{9}`).Draw(t, "number")
		plain, ok := p.Canonical("+" + number)

		var spelling strings.Builder
		spelling.WriteString(rapid.SampledFrom([]string{"+", "00", "＋", " +", "+ "}).Draw(t, "prefix"))
		for _, digit := range number {
			if rapid.Bool().Draw(t, "full width") {
				digit += '０' - '0'
			}
			spelling.WriteRune(digit)
			spelling.WriteString(rapid.SampledFrom([]string{"", "", " ", "-", "\u00a0", ".", "\u2013"}).Draw(t, "between"))
		}
		again, okAgain := p.Canonical(spelling.String())
		if again != plain || okAgain != ok {
			t.Fatalf("%q became %q, %v; +%s became %q, %v", spelling.String(), again, okAgain, number, plain, ok)
		}
		if !ok {
			return
		}
		if twice, ok := p.Canonical(plain); !ok || twice != plain {
			t.Fatalf("%q became %q, %v", plain, twice, ok)
		}
	})
}

// TestPhoneFastPath holds the ranges that are not asked of the library against
// the library.
func TestPhoneFastPath(t *testing.T) {
	p := phones(t, "")
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.StringMatching(`\+(861[0-9]{10}|852[0-9]{8}|886[0-9]{9}|1[0-9]{10}|447[0-9]{9}|351[0-9]{9}|33[0-9]{9}|34[0-9]{9}|91[0-9]{10}|491[0-9]{9,10}|65[0-9]{8})`).Draw(t, "number")
		got, ok := p.Canonical(number)

		want := ""
		n, err := phonenumbers.Parse(number, "")
		if err == nil && phonenumbers.IsPossibleNumberWithReason(n) == phonenumbers.IS_POSSIBLE {
			want = phonenumbers.Format(n, phonenumbers.E164)
		}
		if got != want || ok != (want != "") {
			t.Fatalf("%s: got %q, %v; the library says %q", number, got, ok, want)
		}
	})
}

func TestAddresses(t *testing.T) {
	p := phones(t, "")
	given := map[touch.Channel]string{touch.SMS: "+86 138 0000 0009", touch.Push: "any:device-1"}
	var faults touch.Faults
	got := p.Addresses(given, &faults)
	if len(faults) > 0 || got[touch.SMS] != "+8613800000009" || got[touch.Push] != "any:device-1" {
		t.Errorf("got %v with %v", got, faults)
	}
	if given[touch.SMS] != "+86 138 0000 0009" {
		t.Error("the caller's map was changed")
	}

	p.Addresses(map[touch.Channel]string{touch.AICall: "call me", touch.Push: "a\x00b"}, &faults)
	fields := map[string]bool{}
	for _, f := range faults {
		fields[f.Field] = true
	}
	if !fields["addresses.ai_call"] || !fields["addresses.push"] {
		t.Errorf("faults %v", faults)
	}
}

func BenchmarkPhones(b *testing.B) {
	p := phones(b, "")
	for _, number := range []string{"+8613800000009", "+5491123456789"} {
		b.Run(number, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				p.Canonical(number)
			}
		})
	}
}
