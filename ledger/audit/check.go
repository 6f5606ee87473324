package audit

import (
	"bytes"
	"context"
	"encoding/hex"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/internal/sqlstore"
	"touchgate.dev/touch"
)

// Noted is a head that somebody kept elsewhere.
type Noted struct {
	Pos  int64
	Hash string // in hexadecimal
}

// Check reads the journal from its beginning to the head that it has now, and
// checks that no record is missing, moved or changed, that every one can be
// read, and that noted (if not nil) is one of its hashes. A journal that was
// cut begins where one of its records says so. progress, if not
// nil, hears of each page. It uses little memory and holds nothing locked. An
// error of class Invalid names the first record that is broken.
func Check(ctx context.Context, journal ledger.Journal, noted *Noted, progress func(done, total int64)) (Head, error) {
	end, endHash, err := journal.JournalHead(ctx)
	if err != nil {
		return Head{}, err
	}
	c := &checker{noted: noted}
	if err := c.begin(ctx, journal); err != nil {
		return c.head, err
	}
	first := c.head.Pos
	for c.head.Pos < end {
		records, err := journal.JournalRecords(ctx, c.head.Pos, int(min(page, end-c.head.Pos)))
		if err != nil {
			return c.head, err
		}
		if len(records) == 0 {
			return c.head, broken(c.head.Pos+1, "is missing, and every one after it")
		}
		for i := range records {
			if err := c.record(&records[i]); err != nil {
				return c.head, c.unlessCut(ctx, journal, err)
			}
		}
		if progress != nil {
			progress(c.head.Pos-first, end-first)
		}
	}
	if c.head.Pos > 0 && !bytes.Equal(c.prev, endHash) {
		return c.head, broken(end, "is not the one that the journal's head names")
	}
	if c.cut != "" {
		return c.head, broken(first, "and those before it are missing: no record says that the journal was cut there")
	}
	if noted != nil && !c.met {
		return c.head, touch.Errorf(touch.Invalid, "noted", "the journal ends with record %d, before the one that was noted", c.head.Pos)
	}
	return c.head, nil
}

// checker walks the records of a journal.
type checker struct {
	head  Head
	prev  []byte
	noted *Noted
	met   bool   // the noted record
	cut   string // the reason of the record that must tell of the cut; "" once it was met
}

// begin goes to where the journal was cut.
func (c *checker) begin(ctx context.Context, journal ledger.Journal) error {
	pos, hash, err := journal.JournalCut(ctx)
	if err != nil || pos == 0 {
		return err
	}
	c.head.Pos, c.prev, c.cut = pos, hash, ledger.CutReason(pos, hash)
	if c.noted != nil && c.noted.Pos < pos {
		return touch.Errorf(touch.Invalid, "noted", "record %d was cut off: only an archive can hold it", c.noted.Pos)
	}
	return c.note(pos, hex.EncodeToString(hash))
}

// unlessCut is the error, unless the journal was cut while it was read.
func (c *checker) unlessCut(ctx context.Context, journal ledger.Journal, fault error) error {
	pos, _, err := journal.JournalCut(ctx)
	if err == nil && pos > c.head.Pos {
		return touch.Errorf(touch.Conflict, "", "the journal was cut meanwhile: verify again")
	}
	return fault
}

// note holds a record against what was noted.
func (c *checker) note(pos int64, hash string) error {
	if c.noted == nil || c.noted.Pos != pos {
		return nil
	}
	if c.met = c.noted.Hash == hash; !c.met {
		return broken(pos, "has another hash than the one that was noted: it or one before it was written anew")
	}
	return nil
}

func (c *checker) record(r *ledger.JournalRecord) error {
	want := c.head.Pos + 1
	if r.Pos != want {
		return broken(want, "is missing")
	}
	hash := ledger.ChainHash(c.prev, r.Sum())
	if !bytes.Equal(hash, r.Hash) {
		return broken(want, "was changed, or stands after another one than it was written after")
	}
	events, err := sqlstore.DecodeRecord(r)
	if err != nil {
		return broken(want, "cannot be read")
	}
	for i := range events {
		if events[i].Kind == touch.EventControl && events[i].Reason == c.cut {
			c.cut = ""
		}
	}
	c.prev = hash
	c.head.Pos, c.head.Hash = want, hex.EncodeToString(hash)
	c.head.Records++
	return c.note(want, c.head.Hash)
}

func broken(pos int64, what string) error {
	return touch.Errorf(touch.Invalid, "", "record %d %s", pos, what)
}
