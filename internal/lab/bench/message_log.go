package bench

import (
	"iter"
	"slices"
	"time"

	"touchgate.dev/internal/oracle"
	"touchgate.dev/touch"
)

// message is one message that the vendor received: its touch and leg, and when
// it was read, in unix nanoseconds.
type message struct {
	id  touch.ID
	leg uint8
	at  int64
}

func (m message) forOracle() oracle.Message {
	return oracle.Message{Dispatch: touch.DispatchID(m.id, int(m.leg)), At: time.Unix(0, m.at)}
}

// messageLog is the vendor's log, 32 bytes a message. It is kept in pieces, so
// that ten million messages are never copied while they are timed.
type messageLog struct{ pieces [][]message }

// pieceSize is how many messages a piece has.
const pieceSize = 1 << 16

func (l *messageLog) add(ms ...message) {
	for len(ms) > 0 {
		last := len(l.pieces) - 1
		if last < 0 || len(l.pieces[last]) == pieceSize {
			l.pieces = append(l.pieces, make([]message, 0, pieceSize))
			last++
		}
		n := min(len(ms), pieceSize-len(l.pieces[last]))
		l.pieces[last] = append(l.pieces[last], ms[:n]...)
		ms = ms[n:]
	}
}

// all returns the messages in the order in which they were received.
func (l *messageLog) all() iter.Seq[message] {
	return func(yield func(message) bool) {
		for _, piece := range l.pieces {
			for m := range slices.Values(piece) {
				if !yield(m) {
					return
				}
			}
		}
	}
}
