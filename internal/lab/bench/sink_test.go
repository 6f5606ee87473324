package bench

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"touchgate.dev/touch"
)

func TestSinkLog(t *testing.T) {
	s, err := startSink()
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	id := func(key string) string { return touch.DispatchID(touch.NewID("a", key), 0) }
	post := func(path, body string) string {
		resp, err := http.Post(s.url()+path, "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		answer, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s %v", path, resp.Status, err)
		}
		return string(answer)
	}
	begun := time.Now()
	if answer := post("/messages", `{"id":"`+id("1")+`","to":"x","text":"y"}`); !strings.Contains(answer, `"status":"accepted"`) {
		t.Errorf("one message was answered with %s", answer)
	}
	var batch struct {
		Results []struct{ ID, Status string }
	}
	answer := post("/messages:batch", `{"items":[{"id":"`+id("2")+`","to":"x"},{"id":"`+id("1")+`","to":"x"}]}`)
	if err := json.Unmarshal([]byte(answer), &batch); err != nil || len(batch.Results) != 2 || batch.Results[1].ID != id("1") {
		t.Errorf("a batch was answered with %s (%v)", answer, err)
	}
	log := s.takeMessages()
	got := slices.Collect(log.all())
	if len(got) != 3 || s.count() != 3 {
		t.Fatalf("the log has %d messages and the count is %d, want 3: a repetition is a second message", len(got), s.count())
	}
	for i, want := range []string{id("1"), id("2"), id("1")} {
		if m := got[i].forOracle(); m.Dispatch != want || m.At.Before(begun.Truncate(time.Microsecond)) {
			t.Errorf("message %d is %v, want %s", i, m, want)
		}
	}
	if again := s.takeMessages(); len(again.pieces) != 0 {
		t.Error("messages are returned twice")
	}
	http.DefaultClient.CloseIdleConnections()
}

func TestMessageLogOrder(t *testing.T) {
	var log messageLog
	const n = 2*pieceSize + 5
	for i := 0; i < n; i += 3 {
		log.add(message{at: int64(i)}, message{at: int64(i + 1)}, message{at: int64(i + 2)})
	}
	next := int64(0)
	for m := range log.all() {
		if m.at != next {
			t.Fatalf("message %d is at position %d", m.at, next)
		}
		next++
	}
	if next < n {
		t.Errorf("the log has %d of %d messages", next, n)
	}
}
