package workers

import (
	"context"
	"strings"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/ledger"
	"touchgate.dev/policies"
	"touchgate.dev/touch"
)

// prepareDispatch writes the job's message: where it goes and what it says. It
// adds the address and the template's obligations to the question. A reason other
// than "" says why this leg cannot be sent.
func (g judge) prepareDispatch(ctx context.Context, j *job, q *policies.Question) (reason string, err error) {
	t := j.touch()
	leg := j.currentLeg()
	q.Address = touch.AddressOn(leg.Channel, &t.Request, q.Customer)
	if q.Address == "" && leg.Channel.NeedsAddress() {
		return touch.ReasonNoAddress, nil
	}

	content := touch.Content{Title: leg.Title}
	switch {
	case leg.Content != nil:
		content = *leg.Content
	case leg.Template != "":
		template, err := g.template(ctx, j)
		if err != nil {
			return "", err
		}
		if template == nil {
			return touch.ReasonNoTemplate, nil
		}
		rendered, ok := template.Render(leg.Channel, leg.Params)
		if !ok {
			return touch.ReasonNoTemplate, nil
		}
		content = rendered
		q.TemplateObligations = template.Obligations
	}
	if content.Title == "" {
		content.Title = leg.Title
	}
	// Nothing empty is sent: it would count against caps, be paid for, and tell
	// the customer nothing.
	if content.SaysNothing() || (!leg.Channel.SaysTitles() && strings.TrimSpace(content.Body) == "") {
		return touch.ReasonNoText, nil
	}

	j.dispatch = adapter.Dispatch{
		ID:       touch.DispatchID(t.ID, j.leg),
		Touch:    t.ID,
		Leg:      j.leg,
		Channel:  leg.Channel,
		Customer: t.Customer,
		Category: t.Category,
		Campaign: t.Campaign,
		Subject:  t.Subject,
		Address:  q.Address,
		Template: leg.Template,
		Params:   leg.Params,
		Content:  content,
		Assignee: leg.Assign,
		DueIn:    leg.DueIn.Std(),
		Urgent:   t.Urgent(),
		Resend:   j.resend,
	}
	if t.ExpiresAt != nil {
		j.dispatch.ExpiresAt = *t.ExpiresAt
	}
	return "", nil
}

// template returns the version of the leg's template that intake fixed, or the
// latest if it fixed none; nil if there is none.
func (g judge) template(ctx context.Context, j *job) (*ledger.Template, error) {
	version := 0
	if pins := j.touch().Pins; j.leg < len(pins) {
		version = pins[j.leg]
	}
	template, err := g.templates.Version(ctx, j.currentLeg().Template, version)
	if touch.ClassOf(err) == touch.NotFound {
		return nil, nil
	}
	return template, err
}
