package touch_test

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"touchgate.dev/touch"
)

func TestErrorf(t *testing.T) {
	err := touch.Errorf(touch.Unavailable, "ledger.path", "cannot open %s: %w", "a.db", io.ErrUnexpectedEOF)
	if got, want := err.Error(), "ledger.path: cannot open a.db: unexpected EOF"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error("the error does not wrap its cause")
	}

	if got, want := touch.Errorf(touch.Invalid, "", "is empty").Error(), "is empty"; got != want {
		t.Errorf("without a field: got %q, want %q", got, want)
	}
}

func TestClassOf(t *testing.T) {
	conflict := touch.Errorf(touch.Conflict, "", "exists")
	for _, c := range []struct {
		err  error
		want touch.ErrorClass
	}{
		{nil, ""},
		{io.EOF, touch.Internal},
		{conflict, touch.Conflict},
		{fmt.Errorf("put: %w", conflict), touch.Conflict},
		{touch.Errorf(touch.Unavailable, "", "put: %w", conflict), touch.Unavailable},
	} {
		if got := touch.ClassOf(c.err); got != c.want {
			t.Errorf("%v: got class %q, want %q", c.err, got, c.want)
		}
	}
}
