package wire_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"touchgate.dev/ledger/internal/wire"
)

func TestPackInts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOf(rapid.Int64()).Draw(t, "numbers")
		got, err := wire.UnpackInts(wire.PackInts(want))
		if err != nil || !slices.Equal(got, want) {
			t.Fatal(got, err)
		}
	})
}

func TestInterned(t *testing.T) {
	w := wire.NewWriter(0)
	words := []string{"sent", "nov", "sent", "", "nov", "sent"}
	for _, s := range words {
		w.Interned(s)
	}

	r := wire.NewReader(w.Bytes())
	for i, want := range words {
		if got := r.Interned(); got != want || r.Err() != nil {
			t.Errorf("word %d is %q (%v), want %q", i, got, r.Err(), want)
		}
	}
	if r.Interned(); r.Err() == nil {
		t.Error("reading past the end is no error")
	}
}
