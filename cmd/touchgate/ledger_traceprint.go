package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"touchgate.dev/internal/commandline"
	"touchgate.dev/policies"
	"touchgate.dev/touch"
)

// traceTimeFormat is how times are printed.
const traceTimeFormat = "2006-01-02 15:04:05.000 MST"

// print tells a touch's life to a person.
func (f *touchTrace) print(w io.Writer, zone *time.Location) {
	commandline.Printf(w, "touch %s\n  of %s, key %s, customer %s\n  %s, priority %d",
		f.ID, f.Caller, f.Key, f.Customer, f.Category, f.Priority)
	if f.Campaign != "" {
		commandline.Printf(w, ", campaign %s", f.Campaign)
	}
	if f.Subject != "" {
		commandline.Printf(w, ", subject %s", f.Subject)
	}
	commandline.Printf(w, "\n  accepted %s", f.AcceptedAt.In(zone).Format(traceTimeFormat))
	if f.NotBefore != nil {
		commandline.Printf(w, ", not before %s", f.NotBefore.In(zone).Format(traceTimeFormat))
	}
	if f.ExpiresAt != nil {
		commandline.Printf(w, ", expires %s", f.ExpiresAt.In(zone).Format(traceTimeFormat))
	}
	commandline.Printf(w, "\n  is %s", f.State)
	if f.Reason != "" {
		commandline.Printf(w, " (%s)", f.Reason)
	}
	if !f.Due.IsZero() {
		commandline.Printf(w, ", due %s", f.Due.In(zone).Format(traceTimeFormat))
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
		commandline.Printf(w, "%s\n", hook)
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
	commandline.Printf(w, "%s %d %s", mark, i, l.Channel)
	if l.Template != "" {
		commandline.Printf(w, ", template %s version %d", l.Template, l.Version)
	}
	if l.Wait > 0 {
		commandline.Printf(w, ", waits %s for %s", l.Wait, l.Until)
	}
	switch {
	case l.Contact != nil:
		kind := l.Contact.Kind
		if kind == "" {
			kind = "attempt"
		}
		commandline.Printf(w, ": %s, %s", kind, l.Contact.At.In(zone).Format(traceTimeFormat))
		if l.Contact.Reports != "" {
			commandline.Printf(w, ", heard %s", l.Contact.Reports)
		}
	case !l.Intended.IsZero():
		commandline.Printf(w, ": about to be sent since %s", l.Intended.In(zone).Format(traceTimeFormat))
	default:
		fmt.Fprint(w, ": not sent")
	}
	if l.Item != "" {
		commandline.Printf(w, "; the item is %s", l.Item)
	}
	fmt.Fprintln(w)
}

// printEvent prints one event, with its result and its verdict.
func printEvent(w io.Writer, e *touch.Event, zone *time.Location) {
	at := e.At.In(zone).Format(traceTimeFormat)
	commandline.Printf(w, "  %s  %-11s", at, strings.TrimPrefix(string(e.Kind), "touch."))
	if e.Channel != "" {
		commandline.Printf(w, " leg %d %s", e.Leg, e.Channel)
	}
	for _, part := range []struct{ name, value string }{
		{"reason", e.Reason}, {"outcome", e.Outcome}, {"by", e.Actor}, {"now", string(e.State)},
	} {
		if part.value != "" {
			commandline.Printf(w, ", %s %s", part.name, part.value)
		}
	}
	if !e.Until.IsZero() {
		commandline.Printf(w, ", until %s", e.Until.In(zone).Format(traceTimeFormat))
	}
	fmt.Fprintln(w)
	if r := e.Result; r != nil {
		commandline.Printf(w, "      %s", r.Class)
		for _, part := range []struct{ name, value string }{
			{"provider", r.Provider}, {"vendor's id", r.VendorID}, {"code", r.Code}, {"", r.Detail},
		} {
			if part.value != "" {
				commandline.Printf(w, ", %s", strings.TrimSpace(part.name+" "+part.value))
			}
		}
		fmt.Fprintln(w)
	}
	if e.Verdict != nil && e.Verdict.Decision != "" {
		for line := range strings.Lines(policies.Explain(*e.Verdict, zone)) {
			commandline.Printf(w, "      %s\n", strings.TrimSuffix(line, "\n"))
		}
	}
}
