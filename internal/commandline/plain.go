package commandline

import (
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/jedib0t/go-pretty/v6/table"
)

// Plain returns a text as a terminal may show it: what cannot be seen is written
// as an escape. A line end in a reason would otherwise look like another record
// in a list, and an escape sequence or a mark of direction would hide or turn
// what a person reads.
func Plain(text string) string {
	if utf8.ValidString(text) && strings.IndexFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) < 0 {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, text[i])
		case unicode.IsPrint(r):
			b.WriteRune(r)
		default:
			quoted := strconv.QuoteRuneToASCII(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		}
		i += size
	}
	return b.String()
}

// PlainLines is Plain for a text of several lines.
func PlainLines(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = Plain(lines[i])
	}
	return strings.Join(lines, "\n")
}

// Printf prints for a person: texts among the arguments are made plain. Line
// ends belong into the format.
func Printf(w io.Writer, format string, args ...any) {
	fmt.Fprintf(w, format, plainAll(args)...)
}

func plainAll(args []any) []any {
	all := make([]any, len(args))
	for i, arg := range args {
		all[i] = arg
		switch value := arg.(type) {
		case error:
			all[i] = Plain(value.Error())
		case fmt.Stringer:
			all[i] = Plain(value.String())
		default:
			if v := reflect.ValueOf(arg); v.Kind() == reflect.String {
				all[i] = Plain(v.String())
			}
		}
	}
	return all
}

// plainTable makes the texts of its rows plain.
type plainTable struct{ table.Writer }

func (t plainTable) AppendHeader(row table.Row, configs ...table.RowConfig) {
	t.Writer.AppendHeader(plainAll(row), configs...)
}

func (t plainTable) AppendRow(row table.Row, configs ...table.RowConfig) {
	t.Writer.AppendRow(plainAll(row), configs...)
}

func (t plainTable) AppendRows(rows []table.Row, configs ...table.RowConfig) {
	for _, row := range rows {
		t.AppendRow(row, configs...)
	}
}

func (t plainTable) AppendFooter(row table.Row, configs ...table.RowConfig) {
	t.Writer.AppendFooter(plainAll(row), configs...)
}
