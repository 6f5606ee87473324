package audit

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/internal/sqlstore"
	"touchgate.dev/touch"
)

// maxLine bounds one line of an export: a record with thousands of events.
const maxLine = 64 << 20

// Verify reads an export and checks the whole chain: that no record was
// changed, left out, added or moved, that the events shown are what the hashed
// bytes say, and that the end is there. With head not "" the chain must end in
// that hash, which somebody noted before; without it, who can write the whole
// file can make a whole chain. visit, if not nil, is given each event shown.
// An error of class Invalid names the line.
func Verify(r io.Reader, head string, visit func(touch.Event)) (Head, error) {
	in := bufio.NewScanner(r)
	in.Buffer(make([]byte, 64<<10), maxLine)
	v := &verifier{visit: visit}
	for in.Scan() {
		if v.number++; v.ended {
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

// verifier walks an export.
type verifier struct {
	number int // of the line
	head   Head
	prev   []byte
	start  []byte // the first record's hash, where what was before is not here
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
	v.prev = ledger.ChainHash(v.prev, sum)
	if len(v.start) > 0 {
		v.prev, v.start = v.start, nil
	}
	v.head.Pos, v.head.Hash = l.Pos, hex.EncodeToString(v.prev)
	v.head.Records++
	return nil
}

// sum is the hash of a record, shown or not.
func (v *verifier) sum(l *line) (sum [32]byte, err error) {
	if l.Sum != "" {
		b, err := hex.DecodeString(l.Sum)
		if err != nil || len(b) != len(sum) || l.Body != nil || l.Events != nil {
			return sum, v.fault("record %d cannot be read", l.Pos)
		}
		return [32]byte(b), nil
	}
	r := ledger.JournalRecord{Pos: l.Pos, ID: l.ID, At: l.At, Count: l.Count, Body: l.Body}
	events, err := sqlstore.DecodeRecord(&r)
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
