package firstparty

import (
	"context"
	"slices"
	"unicode/utf8"

	"touchgate.dev/gateway/access"
	"touchgate.dev/gateway/validate"
	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

var (
	openStates     = []touch.ItemState{touch.TaskOpen, touch.TaskClaimed}
	errNotClaimant = touch.Errorf(touch.Conflict, "id", "the task is not claimed by this manager")
)

// TaskFilter selects tasks of a manager's desk: those of a queue or a branch
// that the token names, else those assigned to or claimed by the manager.
type TaskFilter struct {
	Queue     string
	Branch    string
	Completed bool // list completed tasks too
	Cursor    string
	Limit     int
}

// Tasks lists tasks, the earliest due first; class Forbidden for a queue or a
// branch that the token does not name.
func (s *Service) Tasks(ctx context.Context, t *access.Token, f TaskFilter) (tasks []touch.Item, next string, err error) {
	filter := ledger.ItemFilter{Channel: touch.RMTask, States: openStates, Cursor: f.Cursor, Limit: f.Limit}
	if f.Completed {
		filter.States = append(slices.Clone(openStates), touch.TaskCompleted)
	}
	switch {
	case f.Queue != "" && !slices.Contains(t.Queues, f.Queue):
		return nil, "", touch.Errorf(touch.Forbidden, "queue", "the token does not name this queue")
	case f.Branch != "" && !slices.Contains(t.Branches, f.Branch):
		return nil, "", touch.Errorf(touch.Forbidden, "branch", "the token does not name this branch")
	case f.Queue != "" || f.Branch != "":
		filter.Queue = f.Queue
		filter.Branch = f.Branch
	default:
		filter.Manager = t.Subject
	}
	return s.items.List(ctx, filter)
}

// Claim assigns an open task to the manager; class Conflict when another one
// has claimed it.
func (s *Service) Claim(ctx context.Context, t *access.Token, id string) error {
	return s.updateTask(ctx, t, id, func(item *touch.Item) (bool, error) {
		switch {
		case item.State == touch.TaskClaimed && item.ClaimedBy == t.Subject:
			return false, nil
		case item.State != touch.TaskOpen:
			return false, touch.Errorf(touch.Conflict, "id", "the task is not open")
		}
		item.State = touch.TaskClaimed
		item.ClaimedBy = t.Subject
		return true, nil
	})
}

// Release makes a task open again that the manager has claimed; class Conflict
// when the manager has not claimed it.
func (s *Service) Release(ctx context.Context, t *access.Token, id string) error {
	return s.updateTask(ctx, t, id, func(item *touch.Item) (bool, error) {
		if item.State != touch.TaskClaimed || item.ClaimedBy != t.Subject {
			return false, errNotClaimant
		}
		item.State = touch.TaskOpen
		item.ClaimedBy = ""
		return true, nil
	})
}

// Complete ends a claimed task with its outcome, which is stored like a
// vendor's receipt so that cool-downs start. Class Conflict when the manager
// has not claimed the task. The same completion again changes nothing.
func (s *Service) Complete(ctx context.Context, t *access.Token, id, outcome, note string) error {
	outcome, err := s.checkCompletion(outcome, note)
	if err != nil {
		return err
	}
	return s.updateTask(ctx, t, id, func(item *touch.Item) (bool, error) {
		if item.State == touch.TaskCompleted && item.ClaimedBy == t.Subject && item.Outcome == outcome {
			return false, nil
		}
		if item.State != touch.TaskClaimed || item.ClaimedBy != t.Subject {
			return false, errNotClaimant
		}
		item.State = touch.TaskCompleted
		item.Outcome = outcome
		item.Note = note
		return true, s.receipts.Receive(ctx, []touch.Receipt{{
			Provider: string(touch.RMTask), Dispatch: id, Kind: touch.ReceiptOutcome, Outcome: outcome, At: s.now(),
		}})
	})
}

// checkCompletion checks what a manager reports. It returns the outcome as rules
// spell it.
func (s *Service) checkCompletion(outcome, note string) (spelled string, err error) {
	var faults touch.Faults
	validate.Name("outcome", outcome, 64, &faults)
	if utf8.RuneCountInString(note) > 2048 {
		faults.Add("note", "must have at most 2048 characters")
	}
	if len(faults) == 0 {
		outcome = s.vocabulary.Outcome("outcome", outcome, &faults)
	}
	return outcome, faults.Err()
}

// updateTask is updateItem for a task that the manager may see; any other does
// not exist.
func (s *Service) updateTask(ctx context.Context, t *access.Token, id string, change func(*touch.Item) (changed bool, err error)) error {
	return s.updateItem(ctx, id, func(item *touch.Item) (bool, error) {
		if item.Channel != touch.RMTask || item.State == touch.ItemRecalled || !maySee(t, item) {
			return false, errNoItem
		}
		return change(item)
	})
}

// maySee reports whether a task lies on the desk that the token names: claimed
// by the manager, or assigned to the manager or to one of the token's queues
// and branches.
func maySee(t *access.Token, item *touch.Item) bool {
	if item.ClaimedBy == t.Subject {
		return true
	}
	a := item.Assignee
	if a == nil {
		return false
	}
	ofManager := a.Manager != "" && a.Manager == t.Subject
	return ofManager || slices.Contains(t.Queues, a.Queue) || slices.Contains(t.Branches, a.Branch)
}
