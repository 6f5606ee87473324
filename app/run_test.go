package app

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"testing"
)

// stopLog notes in which order things ended.
type stopLog struct {
	mu    sync.Mutex
	ended []string
}

func (l *stopLog) add(what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = append(l.ended, what)
}

// TestStopOrder checks that a stopping process finishes the requests that are
// under way, then stops the background parts, and delivery last.
func TestStopOrder(t *testing.T) {
	a := build(t, testConfig(t), Options{})
	var log stopLog
	ctx, stop := context.WithCancel(t.Context())
	a.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		stop()
		for !a.drain.Started() {
			if r.Context().Err() != nil {
				t.Error("the request was cut")
				return
			}
		}
		log.add("request")
	})
	a.background = []func(context.Context){func(ctx context.Context) {
		<-ctx.Done()
		log.add("background")
	}}
	a.delivery = []func(context.Context) error{func(ctx context.Context) error {
		<-ctx.Done()
		log.add("delivery")
		return nil
	}}

	ran := make(chan error, 1)
	go func() { ran <- a.Run(ctx) }()
	answer, err := http.Get(a.URL())
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if err := <-ran; err != nil {
		t.Fatal(err)
	}
	if want := []string{"request", "background", "delivery"}; !slices.Equal(log.ended, want) {
		t.Errorf("ended %v, want %v", log.ended, want)
	}
}

// TestRunFails checks that Run returns the error of a part that cannot go on.
func TestRunFails(t *testing.T) {
	a := build(t, testConfig(t), Options{})
	failed := errors.New("failed")
	a.delivery = append(a.delivery, func(context.Context) error { return failed })
	if err := a.Run(t.Context()); !errors.Is(err, failed) {
		t.Errorf("Run returned %v", err)
	}
}
