package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"

	"touchgate.dev/internal/apiclient"
)

// submit streams the touches to the gateway, one campaign after the other, and shows
// the progress on out. It returns the totals and the keys of the accepted lines.
func (l *demoLoad) submit(ctx context.Context, client *apiclient.Client, out io.Writer) (*submission, error) {
	s := &submission{}
	b := newProgress(out, "submitting", int64(l.lines))
	defer b.stop()
	for _, campaign := range l.campaigns {
		keys := &acceptedKeys{}
		body, feed := io.Pipe()
		go func() { feed.CloseWithError(l.write(feed, campaign, keys)) }()
		err := client.Stream(ctx, campaign, body, func(c apiclient.Chunk) {
			if c.Done {
				return // the last chunk repeats the totals
			}
			s.add(c)
			b.add(int64(c.Lines))
			b.setText("%d accepted, %d refused", s.Accepted, s.Refused)
			for _, e := range c.Errors {
				b.print("line %d: %s", e.Line, e.Text())
			}
			keys.addFaulty(c.Errors)
		})
		body.Close() // ends the goroutine if the stream stopped early
		s.keys = append(s.keys, keys.list()...)
		if err != nil {
			return nil, err
		}
	}
	return s, nil
}

// write writes the lines of one campaign to w, and their keys to keys. For a line of
// another campaign it writes an empty line, so that the line numbers which the
// gateway reports are those of the file.
func (l *demoLoad) write(w io.Writer, campaign string, keys *acceptedKeys) error {
	out := bufio.NewWriterSize(w, 64<<10)
	if l.world != nil {
		lines := json.NewEncoder(out)
		for i := range l.world.Touches {
			keys.add(l.world.Touches[i].Key)
			if err := lines.Encode(&l.world.Touches[i]); err != nil {
				return err
			}
		}
		return out.Flush()
	}

	err := eachLine(l.file, func(raw []byte) error {
		h := readLineHead(raw)
		if h.Campaign != campaign {
			keys.add("")
			return out.WriteByte('\n')
		}
		keys.add(h.Key)
		_, _ = out.Write(raw) // a failure shows again in the next write
		return out.WriteByte('\n')
	})
	if err != nil {
		return err
	}
	return out.Flush()
}

// submission is the gateway's answer to all campaigns.
type submission struct {
	chunkTotals
	keys []string // of the accepted lines
}

// String returns the totals in one line.
func (s *submission) String() string {
	return fmt.Sprintf("%d lines: %d accepted, %d refused, %d repeated, %d faulty",
		s.Lines, s.Accepted, s.Refused, s.Repeated, s.Failed)
}
