package audit

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"

	"touchgate.dev/ledger/journal"
	"touchgate.dev/touch"
)

// maxLine bounds one line of an export: a record with thousands of events.
const maxLine = 64 << 20

// Verify reads an export and checks the whole chain: that no record was
// changed, left out, added or moved, that the events shown are what the hashed
// bytes decode to, and that the end is there. When head is not "", the chain
// must end in that hash, which somebody noted earlier; without it, whoever can
// write the whole file can also forge a whole chain. visit, if not nil, is
// called for each event shown. An error of class Invalid names the line.
func Verify(r io.Reader, head string, visit func(touch.Event)) (Head, error) {
	in := bufio.NewScanner(r)
	in.Buffer(make([]byte, 64<<10), maxLine)
	v := &verifier{visit: visit}
	for in.Scan() {
		v.number++
		if v.ended {
			return v.head, v.fault("something follows after the end")
		}
		var l line
		d := json.NewDecoder(bytes.NewReader(in.Bytes()))
		d.DisallowUnknownFields()
		if err := d.Decode(&l); err != nil {
			return v.head, v.fault("it cannot be read")
		}
		if err := v.line(&l); err != nil {
			return v.head, err
		}
	}
	if err := in.Err(); err != nil {
		return v.head, touch.Errorf(touch.Unavailable, "", "the export cannot be read: %w", err)
	}
	if !v.ended {
		return v.head, touch.Errorf(touch.Invalid, fmt.Sprintf("line %d", v.number), "the end is missing: records after %d may be", v.head.Pos)
	}
	if head != "" && head != v.head.Hash {
		return v.head, touch.Errorf(touch.Invalid, "head", "the chain ends in another hash than the one that was noted")
	}
	return v.head, nil
}

// verifier walks the lines of an export.
type verifier struct {
	number int // of the line, from 1
	head   Head
	prev   []byte // hash of the record before
	start  []byte // the first record's hash, when the journal was truncated before it
	ended  bool
	visit  func(touch.Event)
}

func (v *verifier) fault(format string, args ...any) error {
	return touch.Errorf(touch.Invalid, fmt.Sprintf("line %d", v.number), format, args...)
}

func (v *verifier) line(l *line) error {
	switch {
	case l.Head != nil:
		v.ended = true
		if *l.Head != v.head.Pos || l.Hash != v.head.Hash || l.Records != v.head.Records {
			return v.fault("the end is that of another chain: records before it are missing or changed")
		}
		return nil
	case v.number == 1:
		if l.Format != format || l.From < 1 {
			return v.fault("this is not an export of the journal in a form that is known here")
		}
		v.head.Pos = l.From - 1
		var err error
		if v.start, err = hex.DecodeString(l.Hash); err != nil || (l.From == 1) != (l.Hash == "") {
			return v.fault("the beginning cannot be read")
		}
		return nil
	case l.Pos != v.head.Pos+1:
		return v.fault("record %d stands after record %d: a record is missing, added or moved", l.Pos, v.head.Pos)
	}
	sum, err := v.sum(l)
	if err != nil {
		return err
	}
	v.prev = journal.ChainHash(v.prev, sum)
	if len(v.start) > 0 {
		// The record before this one was removed, so this hash cannot be
		// computed: it is given.
		v.prev = v.start
		v.start = nil
	}
	v.head.Pos = l.Pos
	v.head.Hash = hex.EncodeToString(v.prev)
	v.head.Records++
	return nil
}

// sum returns the hash of a record, shown or not, and checks that what is shown
// is what was hashed.
func (v *verifier) sum(l *line) (sum [32]byte, err error) {
	if l.Sum != "" {
		b, err := hex.DecodeString(l.Sum)
		if err != nil || len(b) != len(sum) || l.Body != nil || l.Events != nil {
			return sum, v.fault("record %d cannot be read", l.Pos)
		}
		return [32]byte(b), nil
	}
	r := journal.Record{Pos: l.Pos, ID: l.ID, At: l.At, Count: l.Count, Body: l.Body}
	events, err := r.Events()
	if err != nil {
		return sum, v.fault("record %d was changed: its bytes are no events", l.Pos)
	}
	hashed, err := json.Marshal(events)
	if err != nil {
		return sum, v.fault("record %d cannot be read", l.Pos)
	}
	shown, err := json.Marshal(l.Events)
	if err != nil || !bytes.Equal(hashed, shown) {
		return sum, v.fault("record %d was changed: its events are not those that were hashed", l.Pos)
	}
	v.head.Shown++
	if v.visit != nil {
		for i := range events {
			v.visit(events[i])
		}
	}
	return r.Sum(), nil
}
