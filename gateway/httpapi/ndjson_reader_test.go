package httpapi

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"touchgate.dev/touch"
)

type word struct {
	Word string `json:"w"`
}

func readAll(t testing.TB, r io.Reader, maxLine int) (lines []line[word]) {
	t.Helper()
	in := newLineReader[word](r, maxLine)
	for {
		group, err := in.group(100)
		lines = append(lines, group...)
		if errors.Is(err, io.EOF) {
			return lines
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestReaderNumbersLines(t *testing.T) {
	long := `{"w":"` + strings.Repeat("x", 5000) + `"}`
	in := "{\"w\":\"a\"}\r\n\n  \n{\"w\":\"b\"\n" + long + "\n{\"w\":\"c\"}\n{\"w\":\"d\"}"
	for name, r := range map[string]io.Reader{
		"at once":     strings.NewReader(in),
		"byte a time": iotest.OneByteReader(strings.NewReader(in)),
		"with EOF":    iotest.DataErrReader(strings.NewReader(in)),
	} {
		lines := readAll(t, r, 1024)
		if len(lines) != 5 {
			t.Fatalf("%s: got %d lines, want 5: %+v", name, len(lines), lines)
		}
		for i, want := range []struct {
			number int
			word   string
			class  touch.ErrorClass
		}{{1, "a", ""}, {4, "b", touch.Invalid}, {5, "", touch.TooLarge}, {6, "c", ""}, {7, "d", ""}} {
			got := lines[i]
			if got.number != want.number || got.value.Word != want.word || touch.ClassOf(got.err) != want.class {
				t.Errorf("%s: line %d: got %+v, want %+v", name, i, got, want)
			}
		}
	}
}

func TestReaderDoesNotWait(t *testing.T) {
	r, w := io.Pipe()
	go func() { _, _ = w.Write([]byte("{\"w\":\"a\"}\n{\"w\":\"b\"}\n{\"w\"")) }() // and no more
	in := newLineReader[word](r, 1024)
	lines, err := in.group(1000)
	if err != nil || len(lines) != 2 {
		t.Fatalf("got %d lines and %v, want the 2 that are there", len(lines), err)
	}
}

// FuzzLines checks that every non-empty line is reported once, in order, with
// its number, whatever the input.
func FuzzLines(f *testing.F) {
	f.Add([]byte("{\"w\":\"a\"}\n\n{\"w\":1}\n"), uint8(1))
	f.Add([]byte("\n\r\n"+strings.Repeat("y", 200)+"\n{}"), uint8(7))
	f.Fuzz(func(t *testing.T, data []byte, step uint8) {
		var want []int
		for i, raw := range bytes.Split(data, []byte("\n")) {
			if len(bytes.TrimSpace(raw)) > 0 || len(raw) > 64 {
				want = append(want, i+1)
			}
		}
		got := readAll(t, &stepReader{data, int(step%64) + 1}, 64)
		for i := range got {
			if i >= len(want) || got[i].number != want[i] {
				// a line of blanks just at the limit may be reported as too long
				if touch.ClassOf(got[i].err) == touch.TooLarge {
					t.Skip()
				}
				t.Fatalf("line %d has number %d, want %v", i, got[i].number, want)
			}
		}
		if len(got) != len(want) {
			t.Fatalf("got %d lines, want %d", len(got), len(want))
		}
	})
}

// stepReader returns at most step bytes at a time.
type stepReader struct {
	data []byte
	step int
}

func (r *stepReader) Read(p []byte) (int, error) {
	if len(r.data) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), r.step)], r.data)
	r.data = r.data[n:]
	return n, nil
}

// TestReaderCancelled: a stream whose request ends while the reader holds lines
// is not done: a client that reads "done" would take them for stored.
func TestReaderCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	f := startReader(ctx, newLineReader[word](strings.NewReader("{\"w\":\"a\"}\n"), 1024), 10)
	cancel() // nobody receives the group
	f.done.Wait()
	if _, more := <-f.groups; more || f.err == nil {
		t.Errorf("ended with %v, want an error: a line was read that nobody stores", f.err)
	}

	f = startReader(t.Context(), newLineReader[word](strings.NewReader("{\"w\":\"a\"}\n"), 1024), 10)
	if lines := <-f.groups; len(lines) != 1 {
		t.Fatalf("%d lines", len(lines))
	}
	f.done.Wait()
	if f.err != nil {
		t.Errorf("a stream that was read to its end ended with %v", f.err)
	}
}
