package validate

import (
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"
)

func TestPlainText(t *testing.T) {
	for text, want := range map[string]bool{
		"": true, "storm": true, "Störung: 停 ok": true, "a b": true, "😀": true,
		"a\nb": false, "a\tb": false, "a\r": false, "\x00": false, "\x1b[8m": false, "\u0085": false, "\u202e": false, "\u200b": false,
		"\u2028": false, "\xff": false, "\ufeff": false,
	} {
		if got := IsPlain(text); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
	for text, want := range map[string]bool{"engine": true, " engine": false, "engine ": false, "two words": true, "\u00a0x": false} {
		if got := isName(text); got != want {
			t.Errorf("name %q: %v, want %v", text, got, want)
		}
	}
}

// TestPlainTextIsOneLine: whatever passes is printed as it was written, on one
// line.
func TestPlainTextIsOneLine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		if IsPlain(text) && strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }) {
			t.Fatalf("%q has a control character", text)
		}
	})
}
