package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"

	"touchgate.dev/internal/apiclient"
	"touchgate.dev/internal/commandline"
	"touchgate.dev/internal/oracle"
	"touchgate.dev/policies/ruleset"
	"touchgate.dev/touch"
)

// demoResult is the result of a demo. It is printed as it is by --json.
type demoResult struct {
	// Accepted are the touches that the gateway recorded; so many of them,
	// Repeated, it knew from an earlier run. Faulty lines were not recorded.
	Accepted int `json:"accepted"`
	Repeated int `json:"repeated"`
	Faulty   int `json:"faulty"`
	// Sent are the touches of which a vendor, or our own channel, took at
	// least one leg; Messages counts what they took, NewMessages in this run.
	Sent        int `json:"sent"`
	Messages    int `json:"messages"`
	NewMessages int `json:"new_messages"`
	// By state, at the end. Deferred waits for a later time.
	Delivered   int `json:"delivered"`
	Capped      int `json:"capped"`
	Refused     int `json:"refused"`
	Deferred    int `json:"deferred"`
	Failed      int `json:"failed"`
	Expired     int `json:"expired"`
	Cancelled   int `json:"cancelled"`
	Unconfirmed int `json:"unconfirmed"`
	Dead        int `json:"dead"`
	// Unknown outcomes: it may have been sent, and nobody can say. Resent are
	// the urgent ones of them that were deliberately sent once more.
	Unknown int `json:"unknown"`
	Resent  int `json:"resent"`
	// The counts that matter.
	Lost       int      `json:"lost"`
	Duplicated int      `json:"duplicated"`
	OverCap    int      `json:"over_cap"`
	Unchecked  []string `json:"caps_not_checked,omitempty"`
	Seconds    float64  `json:"seconds"`

	examples []string
	counts   stateCounts
}

// stateCounts counts by channel and state, and by state and reason.
type stateCounts struct {
	channels map[touch.Channel]map[touch.State]int
	reasons  map[[2]string]int
}

// verifyDemo compares the states that the API reports with the messages that
// the vendors received.
func verifyDemo(ctx context.Context, stage *demoSystem, load *demoLoad, sent *submission, client *apiclient.Client) (*demoResult, error) {
	r := &demoResult{Repeated: sent.Repeated, Faulty: sent.Failed,
		counts: stateCounts{map[touch.Channel]map[touch.State]int{}, map[[2]string]int{}}}
	mine := make(map[string]bool, len(sent.keys))
	for _, key := range sent.keys {
		mine[key] = true
	}
	r.Accepted = len(mine)
	known := make(map[string]touch.ID, len(mine))
	var claims []oracle.Claim
	for _, campaign := range load.campaigns {
		err := client.Touches(ctx, campaign, "", func(page []apiclient.Touch) error {
			for i := range page {
				t := &page[i]
				if !mine[t.Key] {
					continue
				}
				known[t.Key] = t.ID
				claims = append(claims, claimOf(t))
				r.count(t)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	accepted := make([]touch.ID, 0, len(mine))
	for key := range mine {
		id, ok := known[key]
		if !ok {
			id = touch.NewID("", key) // the API does not list it, so it is lost
		}
		accepted = append(accepted, id)
	}
	caps, unchecked, err := readCaps(stage.policies, load.zones())
	if err != nil {
		return nil, err
	}
	messages, err := stage.messages()
	if err != nil {
		return nil, err
	}
	r.Messages = len(messages)
	r.NewMessages = len(messages) - stage.earlier
	report := oracle.Check(accepted, claims, messages, caps, stage.now())
	r.Lost, r.Duplicated, r.OverCap = report.Lost, report.Duplicated, report.OverCap
	r.Resent, r.Unchecked, r.examples = report.Resent, unchecked, report.Examples
	return r, nil
}

func claimOf(t *apiclient.Touch) oracle.Claim {
	c := oracle.Claim{
		ID: t.ID, Customer: t.Customer, Category: t.Category, Subject: t.Subject, Campaign: t.Campaign,
		State: t.State, Due: t.Due, SentLegs: t.SentLegs(),
	}
	for _, l := range t.Legs {
		c.Channels = append(c.Channels, l.Channel)
	}
	return c
}

// count adds one touch to the counts.
func (r *demoResult) count(t *apiclient.Touch) {
	if len(t.SentLegs()) > 0 {
		r.Sent++
	}
	switch t.State {
	case touch.StateDelivered:
		r.Delivered++
	case touch.StateCapped:
		r.Capped++
	case touch.StateRefused:
		r.Refused++
	case touch.StateDue:
		r.Deferred++
	case touch.StateFailed:
		r.Failed++
	case touch.StateExpired:
		r.Expired++
	case touch.StateCancelled:
		r.Cancelled++
	case touch.StateUnconfirmed:
		r.Unconfirmed++
	case touch.StateDead:
		r.Dead++
	case touch.StateUnknown:
		r.Unknown++
	}
	channel := t.Legs[min(max(t.Leg, 0), len(t.Legs)-1)].Channel
	if r.counts.channels[channel] == nil {
		r.counts.channels[channel] = map[touch.State]int{}
	}
	r.counts.channels[channel][t.State]++
	if t.Reason != "" {
		r.counts.reasons[[2]string{string(t.State), t.Reason}]++
	}
}

// readCaps reads the caps of policies by the oracle's own parser, which shares no
// code with the product. It also returns the rules that the oracle cannot check.
func readCaps(dir fs.FS, zone func(string) *time.Location) ([]oracle.Cap, []string, error) {
	sources, err := ruleset.ReadDir(dir, ".")
	if err != nil {
		return nil, nil, err
	}
	documents := make(map[string][]byte, len(sources))
	for _, s := range sources {
		documents[s.Name] = s.Data
	}
	return oracle.ReadCaps(documents, zone)
}

// zones returns a function that knows the time zones of generated customers.
func (l *demoLoad) zones() func(string) *time.Location {
	if l.world == nil {
		return nil
	}
	where := make(map[string]*time.Location, len(l.world.Customers))
	for _, c := range l.world.Customers {
		if len(c.Zones) == 1 {
			if zone, err := time.LoadLocation(c.Zones[0]); err == nil {
				where[c.ID] = zone
			}
		}
	}
	return func(customer string) *time.Location { return where[customer] }
}

// print prints the tables and the counts, and with --json the object, too.
func (r *demoResult) print(f demoFlags) error {
	byChannel := commandline.NewTable(f.table)
	states := []touch.State{touch.StateDelivered, touch.StateSent, touch.StateUnconfirmed, touch.StateUnknown, touch.StateFailed, touch.StateCapped, touch.StateRefused, touch.StateDue, touch.StateExpired, touch.StateCancelled, touch.StateDead}
	header, total := table.Row{"channel"}, table.Row{"all"}
	var shown []touch.State
	for _, s := range states {
		n := 0
		for _, of := range r.counts.channels {
			n += of[s]
		}
		if n > 0 {
			shown = append(shown, s)
			header, total = append(header, stateName(s)), append(total, n)
		}
	}
	byChannel.AppendHeader(header)
	for _, c := range touch.Channels() {
		row := table.Row{c}
		for _, s := range shown {
			row = append(row, r.counts.channels[c][s])
		}
		byChannel.AppendRow(row)
	}
	byChannel.AppendFooter(total)
	fmt.Fprintln(f.table)
	byChannel.Render()

	if len(r.counts.reasons) > 0 {
		byReason := commandline.NewTable(f.table)
		byReason.AppendHeader(table.Row{"state", "reason", "touches"})
		for key, n := range r.counts.reasons {
			byReason.AppendRow(table.Row{stateName(touch.State(key[0])), key[1], n})
		}
		byReason.SortBy([]table.SortBy{{Name: "state"}, {Name: "reason"}})
		fmt.Fprintln(f.table)
		byReason.Render()
	}
	fmt.Fprintf(f.table, "\naccepted %d, sent %d, delivered %d, %d messages by the vendors' own logs, %.1f s\n", r.Accepted, r.Sent, r.Delivered, r.Messages, r.Seconds)
	for _, e := range r.examples {
		fmt.Fprintln(f.table, " ", e)
	}
	for _, rule := range r.Unchecked {
		fmt.Fprintf(f.table, "  the cap of %s cannot be checked, and was not counted\n", rule)
	}
	if r.Resent > 0 {
		fmt.Fprintf(f.table, "  %d urgent messages were sent once more, since nobody could tell what became of the first\n", r.Resent)
	}
	fmt.Fprintf(f.table, "lost %d\nduplicated %d\nover cap %d\n", r.Lost, r.Duplicated, r.OverCap)
	if f.json {
		return json.NewEncoder(f.stdout).Encode(r)
	}
	return nil
}

// stateName returns a state as the table shows it. A touch that is still due at
// the end of a demo is deferred.
func stateName(s touch.State) string {
	if s == touch.StateDue {
		return "deferred"
	}
	return string(s)
}
