package gateway

import (
	"fmt"
	"time"

	"touchgate.dev/touch"
)

// checkRequest checks everything about a touch that needs no store.
func (s *Service) checkRequest(r *touch.Request, now time.Time) touch.Faults {
	faults := s.tags.Check(r)
	maxFuture := touch.Duration(s.maxFuture)
	horizon := now.Add(s.maxFuture)
	for _, field := range []struct {
		name string
		at   *time.Time
	}{{"not_before", r.NotBefore}, {"expires_at", r.ExpiresAt}} {
		if field.at != nil && field.at.After(horizon) {
			faults.Add(field.name, "is more than %s ahead", maxFuture)
		}
	}
	if r.NotBefore != nil && r.ExpiresAt != nil && !r.ExpiresAt.After(*r.NotBefore) {
		faults.Add("expires_at", "must be after not_before")
	}
	r.Addresses = s.phones.Addresses(r.Addresses, &faults)
	for i := range r.Plan {
		checkLeg(&r.Plan[i], i, maxFuture, &faults)
	}
	return faults
}

// checkLeg checks the rules between the fields of a leg, which tags cannot
// say.
func checkLeg(l *touch.Leg, index int, longest touch.Duration, faults *touch.Faults) {
	add := func(field, format string, args ...any) {
		faults.Add(fmt.Sprintf("plan[%d].%s", index, field), format, args...)
	}
	switch {
	case l.Template != "" && l.Content != nil:
		add("content", "a leg has a template or content, not both")
	case l.Template == "" && len(l.Params) > 0:
		add("params", "params belong to a template")
	case l.Content != nil && l.Content.SaysNothing():
		add("content.body", "content needs a body or a title that is not blank")
	case l.Content != nil && !l.Channel.SaysTitles() && l.Content.Title != "":
		add("content.title", "%s cannot say a title: put it into the body", l.Channel)
	case l.Template == "" && l.Content == nil && !l.Channel.IsTask():
		add("template", "a leg needs a template or content")
	case l.Template == "" && l.Content == nil && l.Title == "":
		add("title", "a task needs a title, a template or content")
	}
	if !l.Channel.IsTask() {
		if l.Title != "" {
			add("title", "belongs to rm_task; put it into content")
		}
		if l.DueIn != 0 {
			add("due_in", "belongs to rm_task")
		}
		if l.Assign != nil {
			add("assign", "belongs to rm_task")
		}
	}
	if a := l.Assign; a != nil && countSet(a.Manager, a.Queue, a.Branch) != 1 {
		add("assign", "name exactly one of manager, queue, branch")
	}
	if l.Wait > longest {
		add("wait", "is longer than %s", longest)
	}
	if l.DueIn > longest {
		add("due_in", "is longer than %s", longest)
	}
}

// countSet counts the texts that are not empty.
func countSet(texts ...string) int {
	n := 0
	for _, text := range texts {
		if text != "" {
			n++
		}
	}
	return n
}
