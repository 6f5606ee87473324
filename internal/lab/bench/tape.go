package bench

import (
	"iter"
	"slices"
	"time"

	"touchgate.dev/internal/oracle"
	"touchgate.dev/touch"
)

// taken is one message that the vendor took: of which touch and leg, and when
// it was read, in unix nanoseconds.
type taken struct {
	id  touch.ID
	leg uint8
	at  int64
}

func (t taken) message() oracle.Message {
	return oracle.Message{Dispatch: touch.DispatchID(t.id, int(t.leg)), At: time.Unix(0, t.at)}
}

// tape is the vendor's log, 32 bytes a message. It is kept in pieces, so that
// ten million messages are never copied while they are timed.
type tape struct{ pieces [][]taken }

const tapePiece = 1 << 16

func (t *tape) add(ms ...taken) {
	for len(ms) > 0 {
		last := len(t.pieces) - 1
		if last < 0 || len(t.pieces[last]) == tapePiece {
			t.pieces = append(t.pieces, make([]taken, 0, tapePiece))
			last++
		}
		n := min(len(ms), tapePiece-len(t.pieces[last]))
		t.pieces[last], ms = append(t.pieces[last], ms[:n]...), ms[n:]
	}
}

// all gives the messages in the order in which they were taken.
func (t *tape) all() iter.Seq[taken] {
	return func(yield func(taken) bool) {
		for _, piece := range t.pieces {
			for m := range slices.Values(piece) {
				if !yield(m) {
					return
				}
			}
		}
	}
}
