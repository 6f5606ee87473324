package nemesis

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"touchgate.dev/internal/lab/nemesis/check"
	"touchgate.dev/internal/loop"
	"touchgate.dev/touch"
)

// injector injects one fault after the other, with a pause in between in which
// the system can recover.
type injector struct {
	system *system
	random *rand.Rand
	log    *history
	pause  time.Duration

	injected      []check.Fault
	redisFailures int // restarts, deaths and promotions
	redisFlushes  int
}

// run injects faults until ctx ends: first one of each kind, in random order;
// then, again and again, each kind as often as its weight says, shuffled.
func (in *injector) run(ctx context.Context) error {
	kinds, err := in.system.chosenFaults()
	if err != nil {
		return err
	}
	deck := slices.Clone(kinds)
	in.shuffle(deck)
	for loop.Sleep(ctx, in.pause) {
		if len(deck) == 0 {
			for _, f := range kinds {
				deck = append(deck, slices.Repeat([]fault{f}, f.weight)...)
			}
			in.shuffle(deck)
		}
		f := deck[0]
		deck = deck[1:]
		if err := in.inject(ctx, f); err != nil {
			return err
		}
	}
	return nil
}

func (in *injector) shuffle(deck []fault) {
	in.random.Shuffle(len(deck), func(i, j int) { deck[i], deck[j] = deck[j], deck[i] })
}

// inject injects one fault and heals it. It does so to the end, even if the run
// ends meanwhile.
func (in *injector) inject(ctx context.Context, f fault) error {
	from := in.system.now()
	in.log.add(Line{At: from, Op: "fault", What: f.name})
	err := f.inject(context.WithoutCancel(ctx), in.system, in.random)
	if healing := in.system.heal(); err == nil {
		err = healing
	}
	to := in.system.now()
	healed := Line{At: to, Op: "heal", What: f.name}
	if err != nil {
		healed.Error = err.Error()
	}
	in.log.add(healed)
	if err != nil {
		return touch.Errorf(touch.Internal, "", "the fault %q could not be healed: %w", f.name, err)
	}
	in.injected = append(in.injected, check.Fault{Kind: f.name, From: from, To: to})
	if f.redisFails {
		in.redisFailures++
	}
	if f.redisFlush {
		in.redisFlushes++
	}
	return nil
}

// chosenFaults lists the faults to which the run is limited by name.
func (s *system) chosenFaults() ([]fault, error) {
	all := slices.DeleteFunc(s.faults(), func(f fault) bool { return !strings.Contains(f.name, s.o.Only) })
	if len(all) == 0 {
		return nil, touch.Errorf(touch.Invalid, "only", "no fault of this kind of run has %q in its name", s.o.Only)
	}
	return all, nil
}
