package firstparty

import (
	"context"
	"log/slog"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// EscalationQueue is the queue to which overdue tasks are moved.
const EscalationQueue = "escalation"

// Escalate moves up to limit (at most 200) overdue tasks to the escalation
// queue, open for whoever serves it, and returns how many it moved. A task
// that a manager changes at the same moment is left for the next run.
func (s *Service) Escalate(ctx context.Context, now time.Time, limit int) (moved int, err error) {
	overdue, _, err := s.items.List(ctx, ledger.ItemFilter{
		Channel: touch.RMTask, States: openStates, DueBefore: now, NotEscalated: true, Limit: min(limit, 200),
	})
	if err != nil {
		return 0, err
	}
	for _, item := range overdue {
		from := item.Assignee
		item.Escalated = true
		item.State = touch.TaskOpen
		item.ClaimedBy = ""
		item.Assignee = &touch.Assignee{Queue: EscalationQueue}
		item.UpdatedAt = now

		err := s.items.Update(ctx, item)
		if touch.ClassOf(err) == touch.Conflict {
			continue
		}
		if err != nil {
			return moved, err
		}
		moved++
		s.log.LogAttrs(ctx, slog.LevelInfo, "task escalated", slog.String("task", item.ID), slog.Any("from", from))
	}
	return moved, nil
}
