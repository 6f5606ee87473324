package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/spf13/cobra"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/audit"
	"touchgate.dev/touch"
)

func ledgerExportCommand(with withLedger) *cobra.Command {
	var s audit.Span
	var since, until, out string
	var resume bool
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Write what happened in a span of time, one event a line",
		Long: `export writes the events that were recorded in a span of time, oldest first, in
the form of the feed: one JSON object a line. They name customers, but hold no
address and no text. It uses little memory however long the span is. At the end
it prints the cursor: --after exports what comes later. --resume continues an
export to a file that broke off.`,
		Example: `  touchgate ledger export --config touchgate.yaml --since 2026-11-01T00:00:00Z --until 2026-12-01T00:00:00Z --out november.ndjson
  touchgate ledger export --config touchgate.yaml --campaign auto-loan-nov --since 7d > events.ndjson`,
		Args: cobra.NoArgs,
		RunE: with(func(cmd *cobra.Command, _ []string, l *ledger.Ledger) (err error) {
			now := time.Now()
			if s.Since, err = parseInstant("since", since, now); err != nil {
				return err
			}
			if s.Until, err = parseInstant("until", until, now); err != nil {
				return err
			}
			if resume && out == "" {
				return usageError("--resume needs --out")
			}
			w := cmd.OutOrStdout()
			if out != "" {
				file, last, err := exportFile(out, resume)
				if err != nil {
					return err
				}
				defer file.Close()
				w = file
				s.After = max(s.After, last)
			}
			n, err := exportEvents(cmd, l, s, w)
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "%d events\n", n)
			return nil
		}),
	}
	flags := cmd.Flags()
	flags.StringVar(&since, "since", "", "from this `TIME` on: an instant, or how long ago, such as 7d")
	flags.StringVar(&until, "until", "", "up to this `TIME`, not including it")
	flags.Int64Var(&s.After, "after", 0, "only events after this `CURSOR`")
	flags.StringVar(&s.Caller, "caller", "", "only events of this `CALLER`")
	flags.StringVar(&s.Campaign, "campaign", "", "only events of this `CAMPAIGN`")
	flags.StringVar(&out, "out", "", "the `FILE` to write (default: standard output)")
	flags.BoolVar(&resume, "resume", false, "go on where the file ends")
	return cmd
}

// exportEvents writes a span, and prints the cursor after the last event that it
// wrote, also on an error.
func exportEvents(cmd *cobra.Command, l *ledger.Ledger, s audit.Span, w io.Writer) (n int64, err error) {
	buffered := bufio.NewWriterSize(w, 256<<10)
	enc := json.NewEncoder(buffered)
	enc.SetEscapeHTML(false)
	cursor := s.After
	bar := newProgress(cmd.ErrOrStderr(), "exporting", 0)
	err = audit.Events(cmd.Context(), l.Journal, s, func(e touch.Event) error {
		n, cursor = n+1, e.Seq
		return writeError(enc.Encode(e))
	}, func(done, total int64) {
		bar.set(done, total)
		bar.setText("%d events", n)
	})
	err = errors.Join(err, writeError(buffered.Flush()))
	bar.stop()
	if cursor != 0 {
		fmt.Fprintf(cmd.ErrOrStderr(), "cursor %d\n", cursor)
	}
	return n, err
}

func writeError(err error) error {
	if err == nil {
		return nil
	}
	return touch.Errorf(touch.Unavailable, "out", "cannot write the export: %w", err)
}

// exportFile creates a file, or opens an existing one to resume it. Then it also
// returns the cursor of its last complete line, and truncates what follows.
func exportFile(path string, resume bool) (file *os.File, last int64, err error) {
	if !resume {
		file, err = os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if errors.Is(err, fs.ErrExist) {
			return nil, 0, usageError("--out %s exists: give another name, or --resume", path)
		}
		return file, 0, writeError(err)
	}
	if file, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return nil, 0, writeError(err)
	}
	last, err = lastCursor(file)
	if err != nil {
		file.Close()
		return nil, 0, err
	}
	return file, last, nil
}

// longestLine is the longest line of an event, in bytes.
const longestLine = 1 << 20

// lastCursor returns the cursor of the last complete line, and positions the file
// for writing after it.
func lastCursor(file *os.File) (int64, error) {
	size, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return 0, writeError(err)
	}
	from := max(0, size-2*longestLine)
	tail := make([]byte, size-from)
	if _, err := file.ReadAt(tail, from); err != nil {
		return 0, writeError(err)
	}
	end := bytes.LastIndexByte(tail, '\n')
	if end >= 0 {
		var e struct {
			Seq int64 `json:"seq"`
		}
		line := tail[bytes.LastIndexByte(tail[:end], '\n')+1 : end]
		if json.Unmarshal(line, &e) != nil || e.Seq == 0 {
			return 0, touch.Errorf(touch.Invalid, "out", "the file does not end with an event")
		}
		_, err = file.Seek(from+int64(end)+1, io.SeekStart)
		return e.Seq, writeError(errors.Join(err, file.Truncate(from+int64(end)+1)))
	}
	if from > 0 {
		return 0, touch.Errorf(touch.Invalid, "out", "the file is no export")
	}
	_, err = file.Seek(0, io.SeekStart)
	return 0, writeError(errors.Join(err, file.Truncate(0)))
}
