package nemesis

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"

	"touchgate.dev/internal/commandline"
)

// Print writes the report as tables that a terminal and a log show well.
func (r *Report) Print(w io.Writer) {
	r.printCounts(w)
	r.printStates(w)
	r.printResume(w)
	r.printGoals(w)
	for _, e := range r.Examples {
		fmt.Fprintln(w, e)
	}
}

func (r *Report) printCounts(w io.Writer) {
	t := commandline.NewTable(w)
	t.AppendRows([]table.Row{
		{"seed", r.Seed},
		{"seconds", int(r.Seconds)},
		{"requests", r.Requests},
		{"requests made again", r.Repeated},
		{"touches", r.Touches},
		{"accepted", r.Accepted},
		{"messages at vendors", r.Messages},
	})
	t.AppendSeparator()
	t.AppendRows([]table.Row{
		{"lost", r.Lost},
		{"sent twice", r.Duplicated},
		{"  allowed: urgent, after an unknown outcome", r.Allowed},
		{"  at idempotent vendors", r.IdempotentDups},
		{"unknown outcomes", r.Unknown},
		{"  of touches that may be resent", r.Resendable},
		{"over cap", r.OverCap},
		{"  windows checked", r.CapsChecked},
		{"sent in quiet hours", r.Quiet},
		{"sent after a stop", r.AfterStop},
	})
	t.Render()
}

func (r *Report) printStates(w io.Writer) {
	t := commandline.NewTable(w)
	t.AppendHeader(table.Row{"state", "touches"})
	for _, s := range slices.Sorted(maps.Keys(r.States)) {
		t.AppendRow(table.Row{s, r.States[s]})
	}
	t.Render()
}

func (r *Report) printResume(w io.Writer) {
	t := commandline.NewTable(w)
	t.AppendHeader(table.Row{"fault", "times", "lane", "resumed after (median)", "(worst)", "last straggler"})
	for _, x := range r.Resume {
		lane := "bulk"
		if x.Urgent {
			lane = "urgent"
		}
		t.AppendRow(table.Row{
			x.Fault, x.Times, lane,
			x.Median.Round(time.Millisecond), x.Worst.Round(time.Millisecond), x.Straggler.Round(time.Millisecond),
		})
	}
	t.Render()
}

func (r *Report) printGoals(w io.Writer) {
	t := commandline.NewTable(w)
	t.AppendHeader(table.Row{"a proof holds", "wanted", "this run", ""})
	for _, g := range r.Goals {
		met := "met"
		if !g.Met {
			met = "not met"
		}
		t.AppendRow(table.Row{g.What, g.Want, g.Got, met})
	}
	t.Render()
}
