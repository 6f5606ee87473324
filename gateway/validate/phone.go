package validate

import (
	"maps"
	"strings"
	"unicode"

	"github.com/nyaruka/phonenumbers"

	"touchgate.dev/touch"
)

// Phones writes telephone numbers in one way: E.164, which is a +, the country
// code and the number, nothing between ("+8613800000000"; ITU-T E.164). So a
// suppression of a number binds however the number was written. It is safe for
// concurrent use. The zero Phones knows no region.
type Phones struct {
	region string
}

// NewPhones makes a Phones. A number without a country code is read as one of
// the region, an ISO 3166 code such as "CN"; with region "" such a number is a
// fault, because it could be anybody's. Class Invalid: there is no such region.
func NewPhones(region string) (*Phones, error) {
	if region != "" && !phonenumbers.GetSupportedRegions()[region] {
		return nil, touch.Errorf(touch.Invalid, "phone_region", "%q is not a region: give its two letters, such as CN or GB", region)
	}
	return &Phones{region: region}, nil
}

// Canonical returns a number in E.164. ok is false if the text is no telephone
// number, or if it does not say of which country.
func (p *Phones) Canonical(number string) (canonical string, ok bool) {
	if isMobile(number) {
		return number, true
	}
	if !hasOnlySignsOfNumbers(number) {
		return "", false
	}
	if canonical, ok := parse(number, p.region); ok {
		return canonical, ok
	}

	// 00 stands for + in most of the world. In a region where something else
	// does, or without a region, the library does not know that.
	digits := phonenumbers.NormalizeDigitsOnly(number)
	if rest, international := strings.CutPrefix(digits, "00"); international {
		return parse("+"+rest, "")
	}
	return "", false
}

// parse asks the library. Possible means that the country exists and the length
// is right. Whether a number is in use is not asked: the library's tables are
// older than the newest numbers.
func parse(number, region string) (canonical string, ok bool) {
	n, err := phonenumbers.Parse(number, region)
	if err != nil || phonenumbers.IsPossibleNumberWithReason(n) != phonenumbers.IS_POSSIBLE {
		return "", false
	}
	return phonenumbers.Format(n, phonenumbers.E164), true
}

// hasOnlySignsOfNumbers reports whether a text has only what people write
// telephone numbers with. The library also takes letters ("1-800-FLOWERS"), URIs
// and extensions, which no text message reaches.
func hasOnlySignsOfNumbers(text string) bool {
	for _, r := range text {
		sign := unicode.IsDigit(r) || unicode.IsSpace(r) || unicode.Is(unicode.Pd, r) || strings.ContainsRune("+＋−.()（）/", r)
		if !sign {
			return false
		}
	}
	return true
}

// mobileRange is a range of mobile numbers that are in E.164 as they stand.
type mobileRange struct {
	prefix   string // with the +
	from, to byte   // the digit after the prefix
	length   int    // of the whole, with the +
}

// mobileRanges are where most text messages go. They save the library's 30 µs a
// number, which is more than the rest of intake costs a touch. A test holds them
// against the library.
var mobileRanges = []mobileRange{
	{"+861", '3', '9', 14},  // China
	{"+8526", '0', '9', 12}, // Hong Kong
	{"+8529", '0', '9', 12}, // Hong Kong
	{"+8869", '0', '9', 13}, // Taiwan
	{"+1", '2', '9', 12},    // North America: landline or mobile
	{"+447", '0', '9', 13},  // United Kingdom
	{"+3519", '0', '9', 13}, // Portugal
	{"+33", '6', '7', 12},   // France
	{"+346", '0', '9', 12},  // Spain
	{"+91", '6', '9', 13},   // India
	{"+65", '8', '9', 11},   // Singapore
	{"+491", '5', '7', 13},  // Germany
	{"+491", '5', '7', 14},  // Germany
}

func isMobile(number string) bool {
	for i := range mobileRanges {
		r := &mobileRanges[i]
		if len(number) == r.length && strings.HasPrefix(number, r.prefix) {
			digit := number[len(r.prefix)]
			return digit >= r.from && digit <= r.to && isDigits(number[1:])
		}
	}
	return false
}

func isDigits(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return true
}

// phoneRule is what a telephone number must be, as faults say it.
const phoneRule = "must be a telephone number with + and the country code, such as +8613800000000"

// Address returns an address as we write it: a telephone number in E.164, any
// other address as it is, without a fault unless it is blank or has control
// characters. "" stays "".
func (p *Phones) Address(ch touch.Channel, field, address string, faults *touch.Faults) string {
	if address == "" {
		return ""
	}
	if ch.IsPhone() {
		canonical, ok := p.Canonical(address)
		if !ok {
			faults.Add(field, phoneRule)
			return address
		}
		return canonical
	}
	if !isName(address) {
		faults.Add(field, nameRule)
	}
	return address
}

// Addresses returns addresses by channel as Address writes each. The map stays
// as it is; it is copied if an address changes.
func (p *Phones) Addresses(addresses map[touch.Channel]string, faults *touch.Faults) map[touch.Channel]string {
	var changed map[touch.Channel]string
	for ch, address := range addresses {
		written := p.Address(ch, "addresses."+string(ch), address, faults)
		if written == address {
			continue
		}
		if changed == nil {
			changed = maps.Clone(addresses)
		}
		changed[ch] = written
	}
	if changed != nil {
		return changed
	}
	return addresses
}
