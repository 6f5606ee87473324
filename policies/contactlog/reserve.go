package contactlog

import (
	"context"
	"strconv"
	"time"
)

// itemRoom is the capacity that the bytes of an item get at first.
const itemRoom = 64

// Reserve implements Log.
func (r *Redis) Reserve(ctx context.Context, reservations []Reservation, now time.Time) ([]Answer, error) {
	// Encode the reservations, and each list of questions once for each call.
	lists := map[*call]*questionLists{}
	customer := func(i int) string { return reservations[i].Customer }
	calls := r.shardCalls(len(reservations), customer, func(i int, c *call, shard byte) (weight int) {
		if lists[c] == nil {
			lists[c] = newQuestionLists()
		}
		e := reservations[i].Entry
		e.Pending = true
		e.At = now
		b := append(make([]byte, 0, itemRoom), shard, lists[c].number(reservations[i].Questions))
		b = appendSpan(b, reservations[i].Keep)
		c.args = append(c.args, appendEntry(b, &e))
		return 1
	})

	nowArg := strconv.FormatInt(millis(now), 10)
	slackArg := expirySlack.Milliseconds()
	answers := make([]Answer, len(reservations))
	for part := range pipelines(calls) {
		commands := make([]command, len(part))
		for k, c := range part {
			args := append([]any{nowArg, slackArg, c.epochs(r.epoch), len(lists[c].all)}, lists[c].all...)
			commands[k] = command{keys: c.keys(r), args: append(args, c.args...)}
		}
		replies, err := r.run(ctx, r.scripts.reserve, commands)
		if err != nil {
			return nil, err
		}
		for k, c := range part {
			if err := readAnswers(replies[k], c.items, answers); err != nil {
				return nil, err
			}
		}
	}
	return answers, nil
}

// questionLists are the lists of questions of one call, each one once: the
// touches of one campaign mostly ask the same.
type questionLists struct {
	all     []any
	numbers map[string]byte // by list
	buffer  []byte
}

func newQuestionLists() *questionLists { return &questionLists{numbers: map[string]byte{}} }

// number returns the number of a list, from 1, and adds the list if it is new.
func (l *questionLists) number(questions []Question) byte {
	l.buffer = l.buffer[:0]
	for i := range questions {
		l.buffer = appendQuestion(l.buffer, &questions[i])
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

// readAnswers reads the reply of one call into answers; items are the places of
// its reservations there.
func readAnswers(reply any, items []int, answers []Answer) error {
	each, ok := reply.([]any)
	if !ok || len(each) != len(items) {
		return errUnreadable
	}
	for p, i := range items {
		var err error
		if answers[i], err = readAnswer(each[p]); err != nil {
			return err
		}
	}
	return nil
}

func readAnswer(reply any) (Answer, error) {
	switch v := reply.(type) {
	case int64:
		return Answer{Unknown: v == 0, Admitted: v > 0, Already: v == 2}, nil
	case []any:
		if len(v) != 2 {
			return Answer{}, errUnreadable
		}
		denied, isNumber := v[0].(int64)
		log, isText := v[1].(string)
		if !isNumber || !isText {
			return Answer{}, errUnreadable
		}
		entries, err := readEntries(log)
		return Answer{Denied: int(denied), Entries: entries}, err
	}
	return Answer{}, errUnreadable
}

// Settle implements Log.
func (r *Redis) Settle(ctx context.Context, settlements []Settlement) error {
	customer := func(i int) string { return settlements[i].Customer }
	calls := r.shardCalls(len(settlements), customer, func(i int, c *call, shard byte) (weight int) {
		b := append(make([]byte, 0, 2*itemRoom), shard)
		c.args = append(c.args, appendSettlement(b, &settlements[i]))
		return 1
	})

	for part := range pipelines(calls) {
		commands := make([]command, len(part))
		for k, c := range part {
			args := append([]any{expirySlack.Milliseconds(), deferredTTL.Milliseconds()}, c.args...)
			commands[k] = command{keys: c.keys(r), args: args}
		}
		if _, err := r.run(ctx, r.scripts.settle, commands); err != nil {
			return err
		}
	}
	return nil
}
