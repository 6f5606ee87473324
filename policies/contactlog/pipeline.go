package contactlog

import (
	"context"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// batch is how many commands go in one pipeline: enough to make the round trip
// disappear, and few enough that their answers fit into socket buffers (the
// embedded Redis writes each answer before it reads on).
const batch = 256

func parts[T any](all []T) iter.Seq[[]T] { return slices.Chunk(all, batch) }

// command is one call of a script.
type command struct {
	keys []string
	args []any
}

// run calls a script once for each command, in order for each customer, and
// gives the answers. Where the script is not loaded yet it is, and the calls
// that failed for it are made again.
func (r *Redis) run(ctx context.Context, s *redis.Script, commands []command) ([]any, error) {
	answers := make([]any, 0, len(commands))
	for part := range parts(commands) {
		cmds := r.pipe(ctx, s, part)
		var missing []int
		for i, cmd := range cmds {
			if err := cmd.Err(); redis.HasErrorPrefix(err, "NOSCRIPT") {
				missing = append(missing, i)
			} else if err != nil {
				return nil, unavailable(err)
			}
		}
		if len(missing) > 0 {
			if err := s.Load(ctx, r.client).Err(); err != nil {
				return nil, unavailable(err)
			}
			again := make([]command, len(missing))
			for i, m := range missing {
				again[i] = part[m]
			}
			for i, cmd := range r.pipe(ctx, s, again) {
				if err := cmd.Err(); err != nil {
					return nil, unavailable(err)
				}
				cmds[missing[i]] = cmd
			}
		}
		for _, cmd := range cmds {
			answers = append(answers, cmd.Val())
		}
	}
	return answers, nil
}

// pipe calls without looking at the answers. A batch of one goes alone, which
// go-redis sends with less ado.
func (r *Redis) pipe(ctx context.Context, s *redis.Script, commands []command) []*redis.Cmd {
	if len(commands) == 1 {
		return []*redis.Cmd{r.client.EvalSha(ctx, s.Hash(), commands[0].keys, commands[0].args...)}
	}
	pipe := r.client.Pipeline()
	cmds := make([]*redis.Cmd, len(commands))
	for i, c := range commands {
		cmds[i] = pipe.EvalSha(ctx, s.Hash(), c.keys, c.args...)
	}
	_, _ = pipe.Exec(ctx) // each command has its own error
	return cmds
}

// Reserve implements Log.
func (r *Redis) Reserve(ctx context.Context, rs []Reservation, now time.Time) ([]Answer, error) {
	ms := strconv.FormatInt(millis(now), 10)
	commands := make([]command, len(rs))
	for i := range rs {
		keys, shard := r.keys(rs[i].Customer)
		e := rs[i].Entry
		e.Pending, e.At = true, now
		b := appendEntry(make([]byte, 0, 128), &e)
		size := len(b)
		for k := range rs[i].Questions {
			b = appendQuestion(b, &rs[i].Questions[k])
		}
		commands[i] = command{keys, []any{
			r.epoch(shard), rs[i].Keep.Milliseconds(), fieldOf(e.ID), b[:size:size], ms, slack.Milliseconds(), b[size:],
		}}
	}
	replies, err := r.run(ctx, r.scripts.reserve, commands)
	if err != nil {
		return nil, err
	}
	answers := make([]Answer, len(rs))
	for i, reply := range replies {
		if answers[i], err = readAnswer(reply); err != nil {
			return nil, err
		}
	}
	return answers, nil
}

func readAnswer(reply any) (Answer, error) {
	switch v := reply.(type) {
	case int64:
		return Answer{Unknown: v == 0, Admitted: v > 0, Already: v == 2}, nil
	case []any:
		if len(v) != 2 {
			return Answer{}, errBroken
		}
		denied, ok1 := v[0].(int64)
		flat, ok2 := v[1].([]any)
		if !ok1 || !ok2 {
			return Answer{}, errBroken
		}
		es, err := readFlat(flat)
		return Answer{Denied: int(denied), Entries: es}, err
	}
	return Answer{}, errBroken
}

func readFlat(flat []any) ([]Entry, error) {
	es := make([]Entry, 0, len(flat)/2)
	for i := 0; i+1 < len(flat); i += 2 {
		f, ok1 := flat[i].(string)
		v, ok2 := flat[i+1].(string)
		if ok1 && f == marker {
			continue
		}
		e, ok := readEntry(f, v)
		if !ok1 || !ok2 || !ok {
			return nil, errBroken
		}
		es = append(es, e)
	}
	sortEntries(es)
	return es, nil
}

// Settle implements Log.
func (r *Redis) Settle(ctx context.Context, ss []Settlement) error {
	commands := make([]command, len(ss))
	for i := range ss {
		keys, _ := r.keys(ss[i].Customer)
		commands[i] = command{keys, []any{fieldOf(ss[i].ID), noteText(&ss[i]), slack.Milliseconds()}}
	}
	_, err := r.run(ctx, r.scripts.settle, commands)
	return err
}

// readMarker takes a log's marker apart: the epoch under which the log was
// loaded, and how far back it is complete.
func readMarker(s string) (epoch string, keep time.Duration, ok bool) {
	epoch, tail, ok := strings.Cut(s, ":")
	ms, err := strconv.ParseInt(tail, 10, 64)
	return epoch, time.Duration(ms) * time.Millisecond, ok && err == nil
}
