package gateway

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// EscalationQueue is where overdue tasks go.
const EscalationQueue = "escalation"

var openTask = []touch.ItemState{touch.TaskOpen, touch.TaskClaimed}

// TaskFilter selects tasks of a manager's desk: those of a queue or a branch
// that the token names, else those assigned to or claimed by the manager.
type TaskFilter struct {
	Queue, Branch string
	All           bool // completed ones too
	Cursor        string
	Limit         int
}

// Tasks lists tasks, the earliest due first; class Denied for a queue or a
// branch that the token does not name.
func (s *Service) Tasks(ctx context.Context, t *Token, f TaskFilter) ([]touch.Item, string, error) {
	filter := ledger.ItemFilter{Channel: touch.RMTask, States: openTask, Cursor: f.Cursor, Limit: f.Limit}
	if f.All {
		filter.States = append(slices.Clone(openTask), touch.TaskCompleted)
	}
	switch {
	case f.Queue != "" && !slices.Contains(t.Queues, f.Queue):
		return nil, "", touch.Errorf(touch.Forbidden, "queue", "the token does not name this queue")
	case f.Branch != "" && !slices.Contains(t.Branches, f.Branch):
		return nil, "", touch.Errorf(touch.Forbidden, "branch", "the token does not name this branch")
	case f.Queue != "":
		filter.Queue, filter.Branch = f.Queue, f.Branch
	case f.Branch != "":
		filter.Branch = f.Branch
	default:
		filter.Manager = t.Subject
	}
	return s.ledger.Items.List(ctx, filter)
}

// Claim takes an open task for the manager; class Conflict when another has it.
func (s *Service) Claim(ctx context.Context, t *Token, id string) error {
	return s.changeTask(ctx, t, id, func(item *touch.Item) (bool, error) {
		switch {
		case item.State == touch.TaskClaimed && item.ClaimedBy == t.Subject:
			return false, nil
		case item.State != touch.TaskOpen:
			return false, touch.Errorf(touch.Conflict, "id", "the task is not open")
		}
		item.State, item.ClaimedBy = touch.TaskClaimed, t.Subject
		return true, nil
	})
}

// Release gives a claimed task back; class Conflict when the manager has it not.
func (s *Service) Release(ctx context.Context, t *Token, id string) error {
	return s.changeTask(ctx, t, id, func(item *touch.Item) (bool, error) {
		if item.State != touch.TaskClaimed || item.ClaimedBy != t.Subject {
			return false, notYours
		}
		item.State, item.ClaimedBy = touch.TaskOpen, ""
		return true, nil
	})
}

var notYours = touch.Errorf(touch.Conflict, "id", "the task is not claimed by this manager")

// Complete ends a claimed task with what came of it. The outcome goes the way
// of a vendor's receipt, so that cool-downs start. Class Conflict when the
// manager has not claimed it.
func (s *Service) Complete(ctx context.Context, t *Token, id, outcome, note string) error {
	var faults touch.Faults
	if outcome == "" || len(outcome) > 64 {
		faults.Add("outcome", "must have 1 to 64 characters: %s, %s, %s, %s, %s or a word of your own",
			touch.OutcomeConversation, touch.OutcomeRefused, touch.OutcomeOptOut, touch.OutcomeNoAnswer, touch.OutcomeCompleted)
	}
	if len(note) > 2048 {
		faults.Add("note", "must have at most 2048 characters")
	}
	if len(faults) > 0 {
		return faults
	}
	return s.changeTask(ctx, t, id, func(item *touch.Item) (bool, error) {
		if item.State == touch.TaskCompleted && item.ClaimedBy == t.Subject && item.Outcome == outcome {
			return false, nil // the same answer again
		}
		if item.State != touch.TaskClaimed || item.ClaimedBy != t.Subject {
			return false, notYours
		}
		now := s.now()
		item.State, item.Outcome, item.Note = touch.TaskCompleted, outcome, note
		return true, s.Record(ctx, []touch.Receipt{{
			Provider: string(touch.RMTask), Dispatch: id, Kind: touch.ReceiptOutcome, Outcome: outcome, At: now,
		}})
	})
}

// changeTask changes a task that the manager may see; another does not exist.
func (s *Service) changeTask(ctx context.Context, t *Token, id string, change func(*touch.Item) (bool, error)) error {
	return s.changeItem(ctx, id, func(item *touch.Item) (bool, error) {
		if item.Channel != touch.RMTask || item.State == touch.ItemRecalled || !t.mayDo(item) {
			return false, noItem
		}
		return change(item)
	})
}

// mayDo reports whether a task lies on the manager's desk.
func (t *Token) mayDo(item *touch.Item) bool {
	a := item.Assignee
	return item.ClaimedBy == t.Subject || a != nil && (a.Manager == t.Subject && a.Manager != "" ||
		slices.Contains(t.Queues, a.Queue) || slices.Contains(t.Branches, a.Branch))
}

// Escalate hands up to limit overdue tasks to the escalation queue, open for
// whoever serves it, and gives how many it moved. A task that is worked on in
// the same moment is left for the next run.
func (s *Service) Escalate(ctx context.Context, now time.Time, limit int) (n int, err error) {
	overdue, _, err := s.ledger.Items.List(ctx, ledger.ItemFilter{
		Channel: touch.RMTask, States: openTask, DueBefore: now, NotEscalated: true, Limit: min(limit, 200),
	})
	if err != nil {
		return 0, err
	}
	for _, item := range overdue {
		from := item.Assignee
		item.Escalated, item.State, item.ClaimedBy = true, touch.TaskOpen, ""
		item.Assignee, item.UpdatedAt = &touch.Assignee{Queue: EscalationQueue}, now
		err := s.ledger.Items.Update(ctx, item)
		if touch.ClassOf(err) == touch.Conflict {
			continue
		}
		if err != nil {
			return n, err
		}
		n++
		s.log.LogAttrs(ctx, slog.LevelInfo, "task escalated", slog.String("task", item.ID), slog.Any("from", from))
	}
	return n, nil
}
