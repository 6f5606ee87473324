package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/jedib0t/go-pretty/v6/table"

	"touchgate.dev/internal/commandline"
	"touchgate.dev/touch"
)

// statesShown returns the states in the order of the table's columns.
func statesShown() []touch.State {
	return []touch.State{
		touch.StateDelivered, touch.StateSent, touch.StateUnconfirmed, touch.StateUnknown,
		touch.StateFailed, touch.StateCapped, touch.StateRefused, touch.StateDue,
		touch.StateExpired, touch.StateCancelled, touch.StateDead,
	}
}

// print prints the tables and the counts, and with --json also the JSON object.
func (r *demoResult) print(f demoFlags) error {
	r.counts.printByChannel(f.table)
	r.counts.printByReason(f.table)
	r.printTotals(f.table)
	if f.json {
		return json.NewEncoder(f.stdout).Encode(r)
	}
	return nil
}

// printByChannel prints a row for each channel and a column for each state in which
// there is any touch.
func (c *stateCounts) printByChannel(w io.Writer) {
	byChannel := commandline.NewTable(w)
	header := table.Row{"channel"}
	total := table.Row{"all"}
	var shown []touch.State
	for _, s := range statesShown() {
		n := 0
		for _, of := range c.channels {
			n += of[s]
		}
		if n > 0 {
			shown = append(shown, s)
			header = append(header, stateName(s))
			total = append(total, n)
		}
	}
	byChannel.AppendHeader(header)
	for _, channel := range touch.Channels() {
		row := table.Row{channel}
		for _, s := range shown {
			row = append(row, c.channels[channel][s])
		}
		byChannel.AppendRow(row)
	}
	byChannel.AppendFooter(total)
	fmt.Fprintln(w)
	byChannel.Render()
}

// printByReason prints a row for each state and reason. It prints nothing if no
// touch has a reason.
func (c *stateCounts) printByReason(w io.Writer) {
	if len(c.reasons) == 0 {
		return
	}
	byReason := commandline.NewTable(w)
	byReason.AppendHeader(table.Row{"state", "reason", "touches"})
	for key, n := range c.reasons {
		byReason.AppendRow(table.Row{stateName(touch.State(key[0])), key[1], n})
	}
	byReason.SortBy([]table.SortBy{{Name: "state"}, {Name: "reason"}})
	fmt.Fprintln(w)
	byReason.Render()
}

// printTotals prints the totals, examples of what went wrong, and at the end the
// three counts that must be zero.
func (r *demoResult) printTotals(w io.Writer) {
	fmt.Fprintf(w, "\naccepted %d, sent %d, delivered %d, %d messages by the vendors' own logs, %.1f s\n",
		r.Accepted, r.Sent, r.Delivered, r.Messages, r.Seconds)
	for _, e := range r.examples {
		fmt.Fprintln(w, " ", e)
	}
	for _, rule := range r.Unchecked {
		fmt.Fprintf(w, "  the cap of %s cannot be checked, and was not counted\n", rule)
	}
	if r.Resent > 0 {
		fmt.Fprintf(w, "  %d urgent messages were sent once more, since nobody could tell what became of the first\n",
			r.Resent)
	}
	fmt.Fprintf(w, "lost %d\nduplicated %d\nover cap %d\n", r.Lost, r.Duplicated, r.OverCap)
}

// stateName returns a state as the tables show it. A touch that is still due at the
// end of a demo waits for a later time: it was deferred.
func stateName(s touch.State) string {
	if s == touch.StateDue {
		return "deferred"
	}
	return string(s)
}
