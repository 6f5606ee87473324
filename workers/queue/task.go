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
	// enqueueParallel is how many tasks one Enqueue sends at the same time.
	// Asynq 0.26 cannot enqueue a batch; more do not raise the rate.
	enqueueParallel = 16
)

// Enqueue makes sure that somebody looks at each segment soon: a free slot of
// this process, or else a worker that takes it from its lane's queue. A segment
// that is already queued at the same epoch counts as enqueued. After an error
// (class Unavailable) some may be queued and some not; the reconciler finds
// those that are not.
func (q *Queue) Enqueue(ctx context.Context, refs []ledger.SegmentRef) error {
	var queued []ledger.SegmentRef
	for _, ref := range refs {
		if !q.tryInline(ref) {
			queued = append(queued, ref)
		}
	}
	if len(queued) == 1 {
		return q.enqueue(ctx, queued[0])
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(enqueueParallel)
	for _, ref := range queued {
		group.Go(func() error { return q.enqueue(ctx, ref) })
	}
	return group.Wait()
}

// enqueue queues one segment. The task's id is made of its segment and epoch, so
// a segment is queued once for each epoch.
func (q *Queue) enqueue(ctx context.Context, ref ledger.SegmentRef) error {
	id := encode(ref)
	task := asynq.NewTask(taskType, []byte(id))
	_, err := q.client.EnqueueContext(ctx, task, asynq.Queue(ref.Lane), asynq.TaskID(id),
		asynq.MaxRetry(math.MaxInt32), asynq.Timeout(q.timeout))
	if err != nil && !errors.Is(err, asynq.ErrTaskIDConflict) {
		return unavailable(err)
	}
	return nil
}

// encode writes a reference without its lane, which is the name of the queue.
func encode(ref ledger.SegmentRef) string {
	return strconv.FormatInt(ref.Segment, 10) + ":" + strconv.FormatInt(ref.Epoch, 10)
}

// decode reads what encode wrote; false if it is something else.
func decode(lane, payload string) (ledger.SegmentRef, bool) {
	segment, epoch, ok := strings.Cut(payload, ":")
	s, segmentErr := strconv.ParseInt(segment, 10, 64)
	e, epochErr := strconv.ParseInt(epoch, 10, 64)
	return ledger.SegmentRef{Segment: s, Epoch: e, Lane: lane}, ok && segmentErr == nil && epochErr == nil
}
