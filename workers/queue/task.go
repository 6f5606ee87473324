package queue

import (
	"context"
	"errors"
	"math"
	"strconv"
	"strings"

	"github.com/hibiken/asynq"
	"golang.org/x/sync/errgroup"
	"touchgate.dev/ledger"
)

const (
	taskType = "segment"
	// enqueuers is how many tasks one Enqueue sends at a time: Asynq 0.26 has
	// no batch enqueue, and more do not add to the rate.
	enqueuers = 16
)

// Enqueue makes sure that somebody looks at each segment soon: a direct place
// of this process takes it if one is free, otherwise it goes into its lane's
// queue. A segment that is queued already at the same epoch counts as
// enqueued. After an error (class Unavailable) some may be queued and some not:
// the reconciler finds those that are not.
func (l *Queue) Enqueue(ctx context.Context, refs []ledger.SegmentRef) error {
	var queued []ledger.SegmentRef
	for _, ref := range refs {
		if !l.handOver(ref) {
			queued = append(queued, ref)
		}
	}
	if len(queued) == 1 {
		return l.enqueue(ctx, queued[0])
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(enqueuers)
	for _, ref := range queued {
		group.Go(func() error { return l.enqueue(ctx, ref) })
	}
	return group.Wait()
}

// enqueue queues one segment. The task's id is its segment and epoch, so that
// a segment is queued once for each epoch.
func (l *Queue) enqueue(ctx context.Context, ref ledger.SegmentRef) error {
	name := encode(ref)
	task := asynq.NewTask(taskType, []byte(name))
	_, err := l.client.EnqueueContext(ctx, task, asynq.Queue(ref.Lane), asynq.TaskID(name),
		asynq.MaxRetry(math.MaxInt32), asynq.Timeout(l.o.Timeout))
	if err != nil && !errors.Is(err, asynq.ErrTaskIDConflict) {
		return unavailable(err)
	}
	return nil
}

// encode writes a reference without its lane, which is the queue's name.
func encode(ref ledger.SegmentRef) string {
	return strconv.FormatInt(ref.Segment, 10) + ":" + strconv.FormatInt(ref.Epoch, 10)
}

func decode(lane, payload string) (ledger.SegmentRef, bool) {
	segment, epoch, ok := strings.Cut(payload, ":")
	s, err1 := strconv.ParseInt(segment, 10, 64)
	e, err2 := strconv.ParseInt(epoch, 10, 64)
	return ledger.SegmentRef{Segment: s, Epoch: e, Lane: lane}, ok && err1 == nil && err2 == nil
}
