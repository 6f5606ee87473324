package validate

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"touchgate.dev/touch"
)

// IsPlain reports whether a text has only characters that can be seen, and
// plain spaces. A line end in a reason would look like another record in a
// list; an escape sequence or a mark of direction would hide or turn what a
// person reads.
func IsPlain(text string) bool {
	return utf8.ValidString(text) && strings.IndexFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) < 0
}

const notPlain = "must be one line of plain text, without control characters"

// Plain adds a fault if a field is not plain text.
func Plain(field, text string, faults *touch.Faults) {
	if !IsPlain(text) {
		faults.Add(field, notPlain)
	}
}
