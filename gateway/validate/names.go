package validate

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"touchgate.dev/touch"
)

// MaxName is the longest name or id, in characters.
const MaxName = 128

// What a name and an id must be, as faults say it.
const (
	nameRule = "must be printable, without blanks at its ends, control or invisible characters, and in Unicode's form NFC"
	idRule   = "must be printable ASCII without blanks at its ends"
)

// isName reports whether a text can be told from every other name by looking
// at it. Two names that look alike make two customers, or two campaigns, out of
// one: "c77" and "c77 ", or é as one character and as e with an accent. The
// empty text is a name, so that fields may be left out.
func isName(text string) bool {
	if isID(text) {
		return true
	}
	return IsPlain(text) && norm.NFC.IsNormalString(text) && strings.TrimSpace(text) == text
}

// isID reports whether a text is a name in ASCII. Customers, keys and managers
// are named so.
func isID(text string) bool {
	if text == "" {
		return true
	}
	if text[0] == ' ' || text[len(text)-1] == ' ' {
		return false
	}
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

// Name checks a name that is required and has at most max characters, for
// names that stand in no struct: those in paths, and keys of maps.
func Name(field, text string, max int, faults *touch.Faults) {
	switch {
	case text == "" || utf8.RuneCountInString(text) > max:
		faults.Add(field, "must have 1 to %d characters", max)
	case !isName(text):
		faults.Add(field, nameRule)
	}
}

// ID checks an id as Name checks a name.
func ID(field, text string, faults *touch.Faults) {
	switch {
	case text == "" || len(text) > MaxName:
		faults.Add(field, "must have 1 to %d characters", MaxName)
	case !isID(text):
		faults.Add(field, idRule)
	}
}
