package httpapi

import (
	"net/url"
	"time"

	"touchgate.dev/gateway/access"
	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// subscriptionView shows the secret once, when it is made.
type subscriptionView struct {
	*ledger.Subscription
	Secret string `json:"secret,omitempty"`
	// PreviousUntil is until when secrets that were rotated away still sign.
	PreviousUntil []time.Time `json:"previous_secrets_until,omitempty"`
}

// serviceView is a webhook with how it is served.
type serviceView struct {
	subscriptionView
	Backlog backlogView   `json:"backlog"`
	Pending *deliveryView `json:"pending,omitempty"` // is being tried
	Again   []string      `json:"again,omitempty"`   // wait to be sent again
	Calls   []callView    `json:"calls"`             // the newest first
}

type backlogView struct {
	ledger.Backlog
	Age string `json:"age,omitempty"` // of the oldest
}

type deliveryView struct {
	Delivery string    `json:"delivery"` // the header webhook-id
	After    int64     `json:"after"`
	Through  int64     `json:"through"`
	MadeAt   time.Time `json:"made_at"`
}

type callView struct {
	deliveryView
	CalledAt time.Time `json:"called_at"`
	TookMS   int64     `json:"took_ms"`
	Status   int       `json:"status,omitempty"`
	Error    string    `json:"error,omitempty"`
}

// viewSubscription shows a webhook to its caller, or to an administrator, who
// does not see the part of an address that may hold a token.
func viewSubscription(s *ledger.Subscription, p *access.Principal) subscriptionView {
	if s.Caller != p.Caller {
		shown := *s
		shown.URL = withoutQuery(s.URL)
		s = &shown
	}
	return subscriptionView{Subscription: s}
}

func withoutQuery(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.RawQuery == "" {
		return address
	}
	u.RawQuery = "hidden"
	return u.String()
}

func viewService(s *ledger.Subscription, b ledger.Backlog, p *access.Principal, now time.Time) serviceView {
	v := serviceView{
		subscriptionView: viewSubscription(s, p),
		Backlog:          backlogView{Backlog: b},
		Calls:            make([]callView, 0, len(s.Calls)),
	}
	if b.Events > 0 {
		v.Backlog.Age = touch.Duration(max(0, now.Sub(b.Oldest)).Round(time.Second)).String()
	}
	for _, previous := range s.Previous {
		if now.Before(previous.Until) {
			v.PreviousUntil = append(v.PreviousUntil, previous.Until)
		}
	}
	if s.Pending != nil {
		pending := viewDelivery(s.Pending)
		v.Pending = &pending
	}
	for _, d := range s.Again {
		v.Again = append(v.Again, d.ID)
	}
	for i := len(s.Calls) - 1; i >= 0; i-- {
		call := &s.Calls[i]
		v.Calls = append(v.Calls, callView{
			deliveryView: viewDelivery(&call.Delivery),
			CalledAt:     call.CalledAt,
			TookMS:       call.Took.Milliseconds(),
			Status:       call.Status,
			Error:        call.Error,
		})
	}
	return v
}

func viewDelivery(d *ledger.Delivery) deliveryView {
	return deliveryView{Delivery: d.ID, After: d.After, Through: d.Through, MadeAt: d.At}
}
