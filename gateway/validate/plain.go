package validate

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-playground/validator/v10"

	"touchgate.dev/touch"
)

// IsPlain reports whether a text has only characters that can be seen, and
// plain spaces. A line end in a reason would look like another record in a
// list; an escape sequence or a mark of direction would hide or turn what a
// person reads.
func IsPlain(text string) bool {
	return utf8.ValidString(text) && strings.IndexFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) < 0
}

// IsName reports whether a plain text may be a name: without white space at
// its ends.
func IsName(text string) bool { return IsPlain(text) && strings.TrimSpace(text) == text }

const notPlain = "must be one line of plain text, without control characters"

// Plain adds a fault if a field is not plain text.
func Plain(field, text string, faults *touch.Faults) {
	if !IsPlain(text) {
		faults.Add(field, notPlain)
	}
}

func isPlainField(f validator.FieldLevel) bool { return IsPlain(f.Field().String()) }
