package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

func ledgerTraceCommand(with withLedger) *cobra.Command {
	var caller, key, zone string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "trace [TOUCH]",
		Short: "Print one touch's whole life",
		Long: `trace prints the request, every verdict with its findings, every attempt, receipt
and outcome, the state of each leg, and whether the caller's webhooks were
called. A touch is named by its id, or by its caller and the caller's key. No
address and no text is printed.`,
		Example: `  touchgate ledger trace 3w5e11264sgsf3w5e11264sgsf --config touchgate.yaml
  touchgate ledger trace --caller strategy-engine --key loan-42-c10086 --zone Asia/Shanghai`,
		Args: cobra.MaximumNArgs(1),
		RunE: with(func(cmd *cobra.Command, args []string, l *ledger.Ledger) (err error) {
			if (len(args) == 1) == (caller != "" || key != "") || (caller == "") != (key == "") {
				return usageError("name a touch by its id, or by --caller and --key")
			}
			loc, err := loadZone(zone)
			if err != nil {
				return err
			}
			id := touch.NewID(caller, key)
			if len(args) == 1 {
				if id, err = touch.ParseID(args[0]); err != nil {
					return err
				}
			}
			life, err := traceTouch(cmd.Context(), l, id)
			if err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(life)
			}
			life.print(cmd.OutOrStdout(), loc)
			return nil
		}),
	}
	flags := cmd.Flags()
	flags.StringVar(&caller, "caller", "", "the `CALLER` that the touch is of")
	flags.StringVar(&key, "key", "", "the caller's own `KEY` of the touch")
	flags.StringVar(&zone, "zone", "UTC", "the `ZONE` in which times are printed")
	flags.BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}

// touchTrace is all that the ledger knows of a touch, but for address and text.
type touchTrace struct {
	ID         touch.ID       `json:"id"`
	Caller     string         `json:"caller"`
	Key        string         `json:"key"`
	Customer   string         `json:"customer"`
	Category   touch.Category `json:"category"`
	Campaign   string         `json:"campaign,omitempty"`
	Subject    string         `json:"subject,omitempty"`
	Priority   int            `json:"priority"`
	AcceptedAt time.Time      `json:"accepted_at"`
	NotBefore  *time.Time     `json:"not_before,omitempty"`
	ExpiresAt  *time.Time     `json:"expires_at,omitempty"`

	State    touch.State `json:"state"`
	Leg      int         `json:"leg"`
	Attempts int         `json:"attempts"`
	Due      time.Time   `json:"due,omitzero"`
	Reason   string      `json:"reason,omitempty"`
	Provider string      `json:"provider,omitempty"`

	Legs     []tracedLeg     `json:"legs"`
	Events   []touch.Event   `json:"events"`
	Webhooks []tracedWebhook `json:"webhooks"`
}

// tracedLeg is one leg of the plan, and how far it came.
type tracedLeg struct {
	Channel  touch.Channel  `json:"channel"`
	Template string         `json:"template,omitempty"`
	Version  int            `json:"template_version,omitempty"`
	Wait     touch.Duration `json:"wait,omitempty"`
	Until    string         `json:"until,omitempty"`
	Contact  *tracedContact `json:"contact,omitempty"`
	// Intended is when a worker meant to send it, where what came of that is not recorded.
	Intended time.Time       `json:"intended,omitzero"`
	Item     touch.ItemState `json:"item,omitempty"` // on our own channels
}

// tracedContact is how far a leg came towards the customer.
type tracedContact struct {
	Leg     int           `json:"l"`
	Channel touch.Channel `json:"c"`
	At      time.Time     `json:"t"`
	Kind    string        `json:"k,omitempty"`
	Reports string        `json:"h,omitempty"` // as the ledger stores them
}

// tracedWebhook is how many of the touch's events a webhook of its caller has received.
type tracedWebhook struct {
	ID        string `json:"id"`
	Host      string `json:"host"`
	Delivered int    `json:"told"`
	Waiting   int    `json:"waiting"`
	Failures  int    `json:"failures,omitempty"`
}

func traceTouch(ctx context.Context, l *ledger.Ledger, id touch.ID) (*touchTrace, error) {
	v, err := l.Touches.Get(ctx, "", id)
	if err != nil {
		return nil, err
	}
	t, p := &v.Touch, &v.Progress
	f := &touchTrace{
		ID: t.ID, Caller: t.Caller, Key: t.Key, Customer: t.Customer, Category: t.Category, Campaign: t.Campaign, Subject: t.Subject,
		Priority: t.Priority, AcceptedAt: t.AcceptedAt, NotBefore: t.NotBefore, ExpiresAt: t.ExpiresAt,
		State: p.State, Leg: p.Leg, Attempts: p.Attempts, Due: p.Due, Reason: p.Reason, Provider: p.Provider,
		Legs: make([]tracedLeg, len(t.Plan)), Events: v.Events,
	}
	if v.Sending {
		f.State = touch.StateSending
	}
	if err := f.traceLegs(ctx, l, v); err != nil {
		return nil, err
	}
	subscriptions, err := l.Subscriptions.List(ctx, t.Caller, "", 1000)
	for i := range subscriptions {
		f.Webhooks = append(f.Webhooks, traceWebhook(&subscriptions[i], f.Events))
	}
	return f, err
}

func (f *touchTrace) traceLegs(ctx context.Context, l *ledger.Ledger, v *ledger.TouchView) error {
	for i := range f.Legs {
		leg, plan := &f.Legs[i], &v.Touch.Plan[i]
		leg.Channel, leg.Template, leg.Wait, leg.Until = plan.Channel, plan.Template, plan.Wait, plan.Until
		if i < len(v.Touch.Pins) {
			leg.Version = v.Touch.Pins[i]
		}
		if plan.Channel.NeedsAddress() {
			continue
		}
		switch item, err := l.Items.Get(ctx, touch.DispatchID(f.ID, i)); {
		case err == nil:
			leg.Item = item.State
		case touch.ClassOf(err) != touch.NotFound:
			return err
		}
	}
	past, err := l.Contacts.Since(ctx, []string{f.Customer}, f.AcceptedAt)
	for _, c := range past[f.Customer] {
		if c.Touch != f.ID || c.Leg >= len(f.Legs) {
			continue
		}
		if f.Legs[c.Leg].Intended = c.At; !c.Pending || f.State == touch.StateUnknown {
			f.Legs[c.Leg].Intended, f.Legs[c.Leg].Contact = time.Time{}, &tracedContact{
				Leg: c.Leg, Channel: c.Channel, At: c.At, Kind: string(c.Kind), Reports: c.Reports.String(),
			}
		}
	}
	return err
}

// traceWebhook counts the events that a webhook has been told of.
func traceWebhook(s *ledger.Subscription, events []touch.Event) tracedWebhook {
	w := tracedWebhook{ID: s.ID, Failures: s.Failures}
	if u, err := url.Parse(s.URL); err == nil {
		w.Host = u.Host
	}
	for i := range events {
		switch e := &events[i]; {
		case len(s.Kinds) > 0 && !slices.Contains(s.Kinds, e.Kind):
		case e.Seq <= s.Cursor:
			w.Delivered++
		default:
			w.Waiting++
		}
	}
	return w
}

func (w tracedWebhook) String() string {
	text := fmt.Sprintf("webhook %s at %s: told of %d events, %d wait", w.ID, w.Host, w.Delivered, w.Waiting)
	if w.Failures > 0 {
		text += fmt.Sprintf(" (it failed %d times in a row)", w.Failures)
	}
	return text
}
