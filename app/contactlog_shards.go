package app

import (
	"context"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/policies/contactlog"
)

// shardOptions has the contact log work by the shard epochs that the ledger
// keeps and the watcher has read. If a shard's epoch in Redis is another one,
// the contacts in it may be old or missing, and they are not used.
//
// When Redis has lost shards the log raises their epochs in the ledger, so that
// other processes drop what they have reserved there. An embedded Redis is lost
// only together with its one process, so nothing has to be raised.
func shardOptions(
	controls ledger.Controls, watcher *ledger.ControlWatcher, r *redisStore, now func() time.Time,
) contactlog.Options {
	o := contactlog.Options{
		Epochs: func(shard int) int64 {
			if c := watcher.Current(); c != nil {
				return c.Shards[shard]
			}
			return 0
		},
	}
	if r.embedded() {
		return o
	}
	o.RaiseEpochs = func(ctx context.Context, lost []int) (map[int]int64, error) {
		raised, err := controls.RaiseShardEpochs(ctx, lost, now())
		if err != nil {
			return nil, err
		}
		return raised, watcher.Refresh(ctx)
	}
	return o
}
