package commandline

import (
	"bytes"
	"strings"
	"testing"
	"unicode"

	"github.com/jedib0t/go-pretty/v6/table"
	"pgregory.net/rapid"
)

func TestPlainEscapes(t *testing.T) {
	for text, want := range map[string]string{
		"storm": "storm", "Störung: 停 😀": "Störung: 停 😀",
		"a\n2026-11-26 22:59:59  approved": `a\n2026-11-26 22:59:59  approved`,
		"\x1b[8mhidden":                    `\x1b[8mhidden`,
		"\u202eturned":                     `\u202eturned`,
		"\xff":                             `\xff`, "\u0085": `\u0085`, "\x07\r\t": `\a\r\t`,
	} {
		if got := Plain(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if got := PlainLines("a\nb\x1b"); got != "a\nb\\x1b" {
		t.Errorf("%q", got)
	}
}

func TestPlainHasNothingUnseen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		if plain := Plain(text); strings.ContainsFunc(plain, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Fatalf("%q became %q", text, plain)
		}
	})
}

type name string

func TestTableIsPlain(t *testing.T) {
	var b bytes.Buffer
	w := NewTable(&b)
	w.AppendHeader(table.Row{"caller", "n"})
	w.AppendRow(table.Row{name("engine\nforged  row"), 5})
	w.Render()
	if got := b.String(); !strings.Contains(got, `engine\nforged`) || strings.Count(got, "\n") != 3 {
		t.Errorf("%s", got)
	}
}
