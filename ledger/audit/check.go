package audit

import (
	"bytes"
	"context"
	"encoding/hex"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/journal"
	"touchgate.dev/touch"
)

// Noted is a head of the journal that somebody kept elsewhere.
type Noted struct {
	Pos  int64
	Hash string // in hexadecimal
}

// Check reads the journal from its beginning to the head that it has now. It
// verifies that no record is missing, moved or changed, that every record can
// be decoded, and that noted (if not nil) is in the chain. A truncated journal
// must hold a record that says where it was truncated. progress, if not nil, is
// called after each page. Check holds one page in memory and locks nothing. An
// error of class Invalid names the first broken record.
func Check(ctx context.Context, records ledger.Journal, noted *Noted, progress func(done, total int64)) (Head, error) {
	end, endHash, err := records.Head(ctx)
	if err != nil {
		return Head{}, err
	}
	c := &checker{noted: noted}
	if err := c.begin(ctx, records); err != nil {
		return c.head, err
	}
	first := c.head.Pos
	for c.head.Pos < end {
		found, err := records.Records(ctx, c.head.Pos, int(min(page, end-c.head.Pos)))
		if err != nil {
			return c.head, err
		}
		if len(found) == 0 {
			return c.head, broken(c.head.Pos+1, "is missing, and every one after it")
		}
		for i := range found {
			if err := c.record(&found[i]); err != nil {
				return c.head, c.unlessTruncated(ctx, records, err)
			}
		}
		if progress != nil {
			progress(c.head.Pos-first, end-first)
		}
	}

	if c.head.Pos > 0 && !bytes.Equal(c.prev, endHash) {
		return c.head, broken(end, "is not the one that the journal's head names")
	}
	if c.unexplained {
		return c.head, broken(first, "and those before it are missing: no record says that the journal was truncated there")
	}
	if noted != nil && !c.met {
		return c.head, touch.Errorf(touch.Invalid, "noted", "the journal ends with record %d, before the one that was noted", c.head.Pos)
	}
	return c.head, nil
}

// checker walks the records of a journal.
type checker struct {
	head  Head
	prev  []byte // hash of the record before
	noted *Noted
	met   bool // the noted record

	truncation journal.Truncation // where the journal begins
	// unexplained: the journal begins after position 1, and no record so far
	// was the event of truncation.
	unexplained bool
}

// begin starts after the records that retention removed.
func (c *checker) begin(ctx context.Context, records ledger.Journal) error {
	truncation, err := records.Truncation(ctx)
	if err != nil || truncation.Pos == 0 {
		return err
	}
	c.truncation = truncation
	c.unexplained = true
	c.head.Pos = truncation.Pos
	c.prev = truncation.Hash
	if c.noted != nil && c.noted.Pos < truncation.Pos {
		return touch.Errorf(touch.Invalid, "noted", "record %d was removed by retention: only an archive can hold it", c.noted.Pos)
	}
	return c.compareNoted(truncation.Pos, hex.EncodeToString(truncation.Hash))
}

// unlessTruncated returns fault, or class Conflict when retention removed the
// record while Check was reading: that is no fault of the journal.
func (c *checker) unlessTruncated(ctx context.Context, records ledger.Journal, fault error) error {
	truncation, err := records.Truncation(ctx)
	if err == nil && truncation.Pos > c.head.Pos {
		return touch.Errorf(touch.Conflict, "", "the journal was truncated meanwhile: verify again")
	}
	return fault
}

// compareNoted compares a record's hash with the noted one of its position.
func (c *checker) compareNoted(pos int64, hash string) error {
	if c.noted == nil || c.noted.Pos != pos {
		return nil
	}
	c.met = c.noted.Hash == hash
	if !c.met {
		return broken(pos, "has another hash than the one that was noted: it or one before it was rewritten")
	}
	return nil
}

func (c *checker) record(r *journal.Record) error {
	want := c.head.Pos + 1
	if r.Pos != want {
		return broken(want, "is missing")
	}
	hash := journal.ChainHash(c.prev, r.Sum())
	if !bytes.Equal(hash, r.Hash) {
		return broken(want, "was changed, or stands after another one than it was written after")
	}
	events, err := r.Events()
	if err != nil {
		return broken(want, "cannot be read")
	}
	for i := range events {
		found, ok := journal.ParseTruncation(&events[i])
		if ok && found.Pos == c.truncation.Pos && bytes.Equal(found.Hash, c.truncation.Hash) {
			c.unexplained = false
		}
	}

	c.prev = hash
	c.head.Pos = want
	c.head.Hash = hex.EncodeToString(hash)
	c.head.Records++
	return c.compareNoted(want, c.head.Hash)
}

func broken(pos int64, what string) error {
	return touch.Errorf(touch.Invalid, "", "record %d %s", pos, what)
}
