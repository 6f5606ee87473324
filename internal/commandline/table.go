package commandline

import (
	"io"

	"github.com/jedib0t/go-pretty/v6/table"
)

// NewTable makes a table that reads well in a terminal and in a log, whatever
// texts its rows have.
func NewTable(w io.Writer) table.Writer {
	t := table.NewWriter()
	t.SetOutputMirror(w)
	style := table.StyleLight
	style.Options.DrawBorder = false
	style.Options.SeparateColumns = false
	t.SetStyle(style)
	return plainTable{t}
}
