// SPDX-License-Identifier: Apache-2.0

// Package audit proves that nothing in the journal was changed, left out or
// moved: in the ledger itself (Check), and off line in an export (Export,
// Verify). An export holds the whole chain of hashes. It shows the events of
// records that concern the rules (policies, kill switches, pauses, lists); of
// the other records it holds only the hash, so that no customer's data leaves
// the ledger.
package audit

import (
	"bufio"
	"context"
	"encoding/hex"
	"encoding/json"
	"io"
	"slices"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/journal"
	"touchgate.dev/touch"
)

// line is one line of an export. The first has Format, the last has Head; those
// between are the records, in order.
type line struct {
	Format int `json:"touchgate_audit,omitempty"`
	// From is the first position. When it is not 1, the journal was truncated
	// before it, and Hash is the first record's hash: the chain starts there.
	From int64 `json:"from,omitempty"`

	Pos    int64         `json:"pos,omitempty"`
	Sum    string        `json:"sum,omitempty"` // only of a record that is not shown
	ID     int64         `json:"id,omitempty"`
	At     int64         `json:"at,omitempty"`
	Count  int64         `json:"count,omitempty"`
	Body   []byte        `json:"body,omitempty"`
	Events []touch.Event `json:"events,omitempty"` // the body, decoded

	Head    *int64 `json:"head,omitempty"` // the last position
	Hash    string `json:"hash,omitempty"`
	Records int64  `json:"records,omitempty"`
}

// format is the version of the export's format.
const format = 1

// Head is the end of a chain. Whoever keeps it elsewhere can prove later that
// an export is complete.
type Head struct {
	Pos     int64  // of the last record
	Hash    string // in hexadecimal
	Records int64  // in the export
	Shown   int64  // records in the export with their events
}

// Options say what to export.
type Options struct {
	All bool // show the events of every record, customers' touches too
}

// page is how many records are read at once.
const page = 500

// Export writes the journal as it stands now, one JSON object a line. It holds
// one page of records in memory, however long the journal is. Class Internal:
// the journal is broken; Unavailable: w or the ledger fails.
func Export(ctx context.Context, records ledger.Journal, w io.Writer, o Options) (Head, error) {
	buffered := bufio.NewWriter(w)
	e := &exporter{out: json.NewEncoder(buffered), options: o}
	end, _, err := records.Head(ctx)
	if err != nil {
		return e.head, err
	}
	for after := int64(0); after < end; after = e.head.Pos {
		found, err := records.Records(ctx, after, int(min(page, end-after)))
		if err != nil {
			return e.head, err
		}
		if len(found) == 0 {
			return e.head, touch.Errorf(touch.Internal, "", "the journal ends before its head: run touchgate ledger verify")
		}
		for i := range found {
			if err := e.record(&found[i]); err != nil {
				return e.head, err
			}
		}
	}

	if err := e.write(line{Head: &e.head.Pos, Hash: e.head.Hash, Records: e.head.Records}); err != nil {
		return e.head, err
	}
	return e.head, writing(buffered.Flush())
}

// exporter writes the lines of one export.
type exporter struct {
	out     *json.Encoder
	options Options
	head    Head // of what was written
}

// record writes a record, after the first line if it is the first record.
func (e *exporter) record(r *journal.Record) error {
	hash := hex.EncodeToString(r.Hash)
	if e.head.Records == 0 {
		first := line{Format: format, From: r.Pos}
		if r.Pos != 1 {
			first.Hash = hash
		}
		if err := e.write(first); err != nil {
			return err
		}
	}

	l, err := lineOf(r, e.options)
	if err != nil {
		return err
	}
	if err := e.write(l); err != nil {
		return err
	}
	e.head.Records++
	if l.Sum == "" {
		e.head.Shown++
	}
	e.head.Pos = r.Pos
	e.head.Hash = hash
	return nil
}

func (e *exporter) write(l line) error { return writing(e.out.Encode(l)) }

func writing(err error) error {
	if err == nil {
		return nil
	}
	return touch.Errorf(touch.Unavailable, "", "the export cannot be written: %w", err)
}

// lineOf shows a record with its events, or only its sum where they are kept back.
func lineOf(r *journal.Record, o Options) (line, error) {
	events, err := r.Events()
	if err != nil {
		return line{}, touch.Errorf(touch.Internal, "", "record %d of the journal cannot be read: %w", r.Pos, err)
	}
	if !o.All && !slices.ContainsFunc(events, concernsRules) {
		sum := r.Sum()
		return line{Pos: r.Pos, Sum: hex.EncodeToString(sum[:])}, nil
	}
	return line{Pos: r.Pos, ID: r.ID, At: r.At, Count: r.Count, Body: r.Body, Events: events}, nil
}

func concernsRules(e touch.Event) bool {
	switch e.Kind {
	case touch.EventControl, touch.EventListing, touch.EventSubscription, touch.EventSubscriptionEnded:
		return true
	}
	return false
}
