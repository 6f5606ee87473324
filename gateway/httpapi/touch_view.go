package httpapi

import (
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// touchView is a touch as its caller sees it.
type touchView struct {
	ID         touch.ID    `json:"id"`
	State      touch.State `json:"state"`
	Leg        int         `json:"leg"`
	Attempts   int         `json:"attempts,omitempty"`
	Due        time.Time   `json:"due,omitzero"`
	Reason     string      `json:"reason,omitempty"`
	Provider   string      `json:"provider,omitempty"`
	AcceptedAt time.Time   `json:"accepted_at"`
	Legs       []legView   `json:"legs"`
	touch.Request
	Events []touch.Event `json:"events,omitempty"`
}

// legView is how far one leg came.
type legView struct {
	Channel touch.Channel `json:"channel"`
	// TemplateVersion is the version that was pinned at intake.
	TemplateVersion int `json:"template_version,omitempty"`
	// Contacted is when the leg reached, or may have reached, the customer;
	// Contact is how far: attempt, failed, delivered, connected, conversation.
	Contacted time.Time `json:"contacted,omitzero"`
	Contact   string    `json:"contact,omitempty"`
}

func viewTouch(v *ledger.TouchView) touchView {
	p := &v.Progress
	view := touchView{
		ID:         v.Touch.ID,
		State:      p.State,
		Leg:        p.Leg,
		Attempts:   p.Attempts,
		Due:        p.Due,
		Reason:     p.Reason,
		Provider:   p.Provider,
		AcceptedAt: v.Touch.AcceptedAt,
		Legs:       viewLegs(v),
		Request:    v.Touch.Request,
		Events:     v.Events,
	}
	if v.Sending {
		view.State = touch.StateSending
	}
	return view
}

func viewLegs(v *ledger.TouchView) []legView {
	legs := make([]legView, len(v.Touch.Plan))
	for i := range legs {
		legs[i].Channel = v.Touch.Plan[i].Channel
		if i < len(v.Touch.Pins) {
			legs[i].TemplateVersion = v.Touch.Pins[i]
		}
	}
	for _, c := range v.Progress.Contacts {
		if c.Leg >= len(legs) {
			continue
		}
		l := &legs[c.Leg]
		l.Contacted = c.At
		l.Contact = string(c.Kind)
		if c.Kind == touch.ContactUnknown {
			l.Contact = "unknown"
		}
	}
	return legs
}
