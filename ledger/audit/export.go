// SPDX-License-Identifier: Apache-2.0

// Package audit takes the journal out of the ledger and proves off line that
// nothing in it was changed, left out or put elsewhere. An export holds the
// whole chain of hashes, and of the records that concern the rules (policies,
// stops, pauses, lists) their events in full; of the others only their own
// hash, so that no customer's data leaves the ledger.
package audit

import (
	"bufio"
	"context"
	"encoding/hex"
	"encoding/json"
	"io"
	"slices"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/internal/sqlstore"
	"touchgate.dev/touch"
)

// line is one line of an export. The first has Format, the last Head;
// those between are the records, in order.
type line struct {
	Format int   `json:"touchgate_audit,omitempty"`
	From   int64 `json:"from,omitempty"` // the first position; with Hash its hash, where what was before is not here

	Pos    int64         `json:"pos,omitempty"`
	Sum    string        `json:"sum,omitempty"` // of a record that is not shown
	ID     int64         `json:"id,omitempty"`
	At     int64         `json:"at,omitempty"`
	Count  int64         `json:"count,omitempty"`
	Body   []byte        `json:"body,omitempty"`
	Events []touch.Event `json:"events,omitempty"` // the body in words

	Head    *int64 `json:"head,omitempty"` // the last position
	Hash    string `json:"hash,omitempty"`
	Records int64  `json:"records,omitempty"`
}

// format is the number of this form of export.
const format = 1

// Head is the end of a chain: whoever keeps it elsewhere can prove that an
// export is whole.
type Head struct {
	Pos     int64  // of the last record
	Hash    string // in hexadecimal
	Records int64  // in the export
	Shown   int64  // of them with their events
}

// Options say what to export.
type Options struct {
	All bool // show every record, customers' touches too
}

// page is how many records are read at once.
const page = 500

// Export writes the journal as it stands now, one JSON object a line. It uses
// little memory.
func Export(ctx context.Context, journal ledger.Journal, w io.Writer, o Options) (Head, error) {
	out := bufio.NewWriter(w)
	enc := json.NewEncoder(out)
	var head Head
	end, _, err := journal.JournalHead(ctx)
	if err != nil {
		return head, err
	}
	begun, after := false, int64(0)
	for after < end {
		records, err := journal.JournalRecords(ctx, after, int(min(page, end-after)))
		if err != nil {
			return head, err
		}
		if len(records) == 0 {
			return head, touch.Errorf(touch.Internal, "", "the journal ends before its head: run touchgate ledger verify")
		}
		for i := range records {
			r := &records[i]
			if !begun {
				begun = true
				first := line{Format: format, From: r.Pos}
				if r.Pos != 1 {
					first.Hash = hex.EncodeToString(r.Hash)
				}
				if err := enc.Encode(first); err != nil {
					return head, writing(err)
				}
			}
			l, err := lineOf(r, o)
			if err != nil {
				return head, err
			}
			if err := enc.Encode(l); err != nil {
				return head, writing(err)
			}
			if head.Records++; l.Sum == "" {
				head.Shown++
			}
			head.Pos, head.Hash, after = r.Pos, hex.EncodeToString(r.Hash), r.Pos
		}
	}
	if err := enc.Encode(line{Head: &head.Pos, Hash: head.Hash, Records: head.Records}); err != nil {
		return head, writing(err)
	}
	return head, writing(out.Flush())
}

func writing(err error) error {
	if err == nil {
		return nil
	}
	return touch.Errorf(touch.Unavailable, "", "the export cannot be written: %w", err)
}

func lineOf(r *ledger.JournalRecord, o Options) (line, error) {
	events, err := sqlstore.DecodeRecord(r)
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
	return e.Kind == touch.EventControl || e.Kind == touch.EventListing
}
