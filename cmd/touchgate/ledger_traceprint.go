package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"touchgate.dev/policies"
	"touchgate.dev/touch"
)

// traceTimeFormat is how times are printed.
const traceTimeFormat = "2006-01-02 15:04:05.000 MST"

// print tells a touch's life to a person.
func (f *touchTrace) print(w io.Writer, zone *time.Location) {
	fmt.Fprintf(w, "touch %s\n  of %s, key %s, customer %s\n  %s, priority %d", f.ID, f.Caller, f.Key, f.Customer, f.Category, f.Priority)
	if f.Campaign != "" {
		fmt.Fprintf(w, ", campaign %s", f.Campaign)
	}
	if f.Subject != "" {
		fmt.Fprintf(w, ", subject %s", f.Subject)
	}
	fmt.Fprintf(w, "\n  accepted %s", f.AcceptedAt.In(zone).Format(traceTimeFormat))
	if f.NotBefore != nil {
		fmt.Fprintf(w, ", not before %s", f.NotBefore.In(zone).Format(traceTimeFormat))
	}
	if f.ExpiresAt != nil {
		fmt.Fprintf(w, ", expires %s", f.ExpiresAt.In(zone).Format(traceTimeFormat))
	}
	fmt.Fprintf(w, "\n  is %s", f.State)
	if f.Reason != "" {
		fmt.Fprintf(w, " (%s)", f.Reason)
	}
	if !f.Due.IsZero() {
		fmt.Fprintf(w, ", due %s", f.Due.In(zone).Format(traceTimeFormat))
	}
	fmt.Fprintln(w, "\n\nplan")
	for i := range f.Legs {
		f.printLeg(w, i, zone)
	}
	fmt.Fprintln(w, "\nwhat happened")
	for i := range f.Events {
		printEvent(w, &f.Events[i], zone)
	}
	fmt.Fprintln(w)
	for _, hook := range f.Webhooks {
		fmt.Fprintln(w, hook)
	}
	if len(f.Webhooks) == 0 {
		fmt.Fprintln(w, "the caller has no webhook")
	}
}

func (f *touchTrace) printLeg(w io.Writer, i int, zone *time.Location) {
	l := &f.Legs[i]
	mark := " "
	if i == f.Leg {
		mark = ">"
	}
	fmt.Fprintf(w, "%s %d %s", mark, i, l.Channel)
	if l.Template != "" {
		fmt.Fprintf(w, ", template %s version %d", l.Template, l.Version)
	}
	if l.Wait > 0 {
		fmt.Fprintf(w, ", waits %s for %s", l.Wait, l.Until)
	}
	switch {
	case l.Contact != nil:
		kind := l.Contact.Kind
		if kind == "" {
			kind = "attempt"
		}
		fmt.Fprintf(w, ": %s, %s", kind, l.Contact.At.In(zone).Format(traceTimeFormat))
		if l.Contact.Reports != "" {
			fmt.Fprintf(w, ", heard %s", l.Contact.Reports)
		}
	case !l.Intended.IsZero():
		fmt.Fprintf(w, ": about to be sent since %s", l.Intended.In(zone).Format(traceTimeFormat))
	default:
		fmt.Fprint(w, ": not sent")
	}
	if l.Item != "" {
		fmt.Fprintf(w, "; the item is %s", l.Item)
	}
	fmt.Fprintln(w)
}

// printEvent prints one event, with its result and its verdict.
func printEvent(w io.Writer, e *touch.Event, zone *time.Location) {
	fmt.Fprintf(w, "  %s  %-11s", e.At.In(zone).Format(traceTimeFormat), strings.TrimPrefix(string(e.Kind), "touch."))
	if e.Channel != "" {
		fmt.Fprintf(w, " leg %d %s", e.Leg, e.Channel)
	}
	for _, part := range []struct{ name, value string }{
		{"reason", e.Reason}, {"outcome", e.Outcome}, {"by", e.Actor}, {"now", string(e.State)},
	} {
		if part.value != "" {
			fmt.Fprintf(w, ", %s %s", part.name, part.value)
		}
	}
	if !e.Until.IsZero() {
		fmt.Fprintf(w, ", until %s", e.Until.In(zone).Format(traceTimeFormat))
	}
	fmt.Fprintln(w)
	if r := e.Result; r != nil {
		fmt.Fprintf(w, "      %s", r.Class)
		for _, part := range []struct{ name, value string }{
			{"provider", r.Provider}, {"vendor's id", r.VendorID}, {"code", r.Code}, {"", r.Detail},
		} {
			if part.value != "" {
				fmt.Fprintf(w, ", %s", strings.TrimSpace(part.name+" "+part.value))
			}
		}
		fmt.Fprintln(w)
	}
	if e.Verdict != nil && e.Verdict.Decision != "" {
		for line := range strings.Lines(policies.Explain(*e.Verdict, zone)) {
			fmt.Fprint(w, "      "+line)
		}
	}
}
