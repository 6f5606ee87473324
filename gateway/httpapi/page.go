package httpapi

import (
	"bytes"
	"net/http"
	"strconv"

	"touchgate.dev/touch"
)

// page is a list with the cursor from which it goes on; "" at the end.
type page struct {
	Items any    `json:"items"`
	Next  string `json:"next,omitempty"`
}

// cursor writes a numeric cursor, 0 as "".
func cursor(next int64) string {
	if next == 0 {
		return ""
	}
	return strconv.FormatInt(next, 10)
}

// nextOf returns the cursor after a page: that of its last item when the page is
// full, and there may be more.
func nextOf[T any](items []T, limit int, after func(last int) (string, error)) string {
	if len(items) < limit {
		return ""
	}
	next, _ := after(len(items) - 1)
	return next
}

// pageWriter makes a page of which both the items and the bytes are bounded.
type pageWriter struct {
	request *request
	body    []byte
	items   int
}

func newPage(c *request) *pageWriter {
	return &pageWriter{request: c, body: []byte(`{"items":[`)}
}

// add adds an item, unless the page is full without it. The first item always
// fits.
func (w *pageWriter) add(item any) (fits bool, _ error) {
	b, err := encode(item)
	if err != nil {
		return false, err
	}
	if w.items > 0 {
		if len(w.body)+len(b) > w.request.core.limits.Page {
			return false, nil
		}
		w.body = append(w.body, ',')
	}
	w.body = append(w.body, bytes.TrimSuffix(b, []byte("\n"))...)
	w.items++
	return true, nil
}

// send answers with the page; next is the cursor after it.
func (w *pageWriter) send(next string) error {
	w.body = append(w.body, ']')
	if next != "" {
		quoted, err := encode(next)
		if err != nil {
			return err
		}
		w.body = append(append(w.body, `,"next":`...), bytes.TrimSuffix(quoted, []byte("\n"))...)
	}
	w.request.send(http.StatusOK, "application/json", append(w.body, "}\n"...))
	return nil
}

// replyPage answers with as many of the items as fit. next is the cursor after
// all of them; where some do not fit, after returns the cursor after the last
// that does.
func replyPage[T any](c *request, items []T, next string, after func(last int) (string, error)) error {
	w := newPage(c)
	for i := range items {
		fits, err := w.add(&items[i])
		if err != nil {
			return err
		}
		if !fits {
			if next, err = after(i - 1); err != nil {
				return err
			}
			break
		}
	}
	return w.send(next)
}

// readPiece reads a piece when it is its turn: half of the cores at most read
// lists, and none while urgent touches are under way.
func readPiece[T any](c *request, read func() ([]T, int64, error)) (entries []T, next int64, err error) {
	c.core.gate.WaitForUrgent(c.ctx())
	if err := c.core.pieces.Acquire(c.ctx(), 1); err != nil {
		return nil, 0, touch.Errorf(touch.Unavailable, "", "too many long lists are read: %w", err)
	}
	defer c.core.pieces.Release(1)
	return read()
}

// pieceRows is how many entries of a long list are read at once: more of them
// may not fit on the page, and urgent touches go first after each piece.
const pieceRows = 100

// replyPieces answers with a page of up to limit entries, which it reads piece
// by piece. view returns an entry as callers see it, and the cursor after it.
func replyPieces[T any](
	c *request, after int64, limit int,
	read func(after int64, n int) (entries []T, next int64, err error),
	view func(*T) (shown any, cursor int64),
) error {
	w := newPage(c)
	for {
		entries, next, err := readPiece(c, func() ([]T, int64, error) {
			return read(after, min(limit-w.items, pieceRows))
		})
		if err != nil {
			return err
		}
		for i := range entries {
			shown, at := view(&entries[i])
			fits, err := w.add(shown)
			if err != nil {
				return err
			}
			if !fits {
				return w.send(cursor(after))
			}
			after = at
		}
		if next == 0 || w.items >= limit {
			return w.send(cursor(next))
		}
	}
}
