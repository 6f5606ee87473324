package contactlog

import (
	"context"
	"strconv"
	"time"
)

// itemRoom is the room that an item's bytes are given at first.
const itemRoom = 64

// Reserve implements Log.
func (r *Redis) Reserve(ctx context.Context, rs []Reservation, now time.Time) ([]Answer, error) {
	lists := map[*call]*questionLists{}
	calls := r.shardCalls(len(rs), func(i int) string { return rs[i].Customer }, func(i int, c *call, shard byte) int {
		if lists[c] == nil {
			lists[c] = newQuestionLists()
		}
		e := rs[i].Entry
		e.Pending, e.At = true, now
		b := append(make([]byte, 0, itemRoom), shard, lists[c].number(rs[i].Questions))
		c.args = append(c.args, appendEntry(appendSpan(b, rs[i].Keep), &e))
		return 1
	})
	ms, spare := strconv.FormatInt(millis(now), 10), expirySlack.Milliseconds()
	answers := make([]Answer, len(rs))
	for part := range pipelines(calls) {
		commands := make([]command, len(part))
		for k, c := range part {
			args := append([]any{ms, spare, c.epochs(r.epoch), len(lists[c].all)}, lists[c].all...)
			commands[k] = command{c.keys(r), append(args, c.args...)}
		}
		replies, err := r.run(ctx, r.scripts.reserve, commands)
		if err != nil {
			return nil, err
		}
		for k, c := range part {
			each, ok := replies[k].([]any)
			if !ok || len(each) != len(c.items) {
				return nil, errUnreadable
			}
			for p, i := range c.items {
				if answers[i], err = readAnswer(each[p]); err != nil {
					return nil, err
				}
			}
		}
	}
	return answers, nil
}

// questionLists are the lists of questions of one call, each once: touches of one
// campaign mostly ask the same.
type questionLists struct {
	all     []any
	numbers map[string]byte
	buffer  []byte
}

func newQuestionLists() *questionLists { return &questionLists{numbers: map[string]byte{}} }

// number is the place of a list, from 1.
func (l *questionLists) number(qs []Question) byte {
	l.buffer = l.buffer[:0]
	for i := range qs {
		l.buffer = appendQuestion(l.buffer, &qs[i])
	}
	n, ok := l.numbers[string(l.buffer)]
	if !ok {
		list := string(l.buffer)
		l.all = append(l.all, list)
		n = byte(len(l.all))
		l.numbers[list] = n
	}
	return n
}

func readAnswer(reply any) (Answer, error) {
	switch v := reply.(type) {
	case int64:
		return Answer{Unknown: v == 0, Admitted: v > 0, Already: v == 2}, nil
	case []any:
		if len(v) != 2 {
			return Answer{}, errUnreadable
		}
		denied, ok1 := v[0].(int64)
		log, ok2 := v[1].(string)
		if !ok1 || !ok2 {
			return Answer{}, errUnreadable
		}
		es, err := readEntries(log)
		return Answer{Denied: int(denied), Entries: es}, err
	}
	return Answer{}, errUnreadable
}

// Settle implements Log.
func (r *Redis) Settle(ctx context.Context, ss []Settlement) error {
	calls := r.shardCalls(len(ss), func(i int) string { return ss[i].Customer }, func(i int, c *call, shard byte) int {
		c.args = append(c.args, appendSettlement(append(make([]byte, 0, 2*itemRoom), shard), &ss[i]))
		return 1
	})
	for part := range pipelines(calls) {
		commands := make([]command, len(part))
		for k, c := range part {
			commands[k] = command{c.keys(r), append([]any{expirySlack.Milliseconds(), deferredTTL.Milliseconds()}, c.args...)}
		}
		if _, err := r.run(ctx, r.scripts.settle, commands); err != nil {
			return err
		}
	}
	return nil
}
