package redisembed

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestPasswordAndClose(t *testing.T) {
	s, err := Start(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	client := dial(s)
	defer client.Close()
	if err := client.Set(t.Context(), "k", "v", 0).Err(); err != nil {
		t.Fatal(err)
	}
	o := s.Options()
	o.Password = ""
	stranger := redis.NewClient(o)
	defer stranger.Close()
	if v, err := stranger.Get(t.Context(), "k").Result(); err == nil {
		t.Fatalf("a stranger reads %q", v)
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := client.Ping(t.Context()).Err(); err == nil {
		t.Fatal("the server answers after Close")
	}
}

// dial makes a client that gives up at once.
func dial(s *Server) *redis.Client {
	o := s.Options()
	o.MaxRetries, o.DialerRetries = -1, 1
	return redis.NewClient(o)
}

func TestContextEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	s, err := Start(ctx)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	s.clock.Wait()
	client := dial(s)
	defer client.Close()
	if err := client.Ping(t.Context()).Err(); err == nil {
		t.Fatal("the server answers after its context ended")
	}
}

func TestKeysExpire(t *testing.T) {
	s, err := Start(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	client := redis.NewClient(s.Options())
	defer client.Close()
	if err := client.Set(t.Context(), "k", "v", 150*time.Millisecond).Err(); err != nil {
		t.Fatal(err)
	}
	for start := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		n, err := client.Exists(t.Context(), "k").Result()
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return
		}
		if time.Since(start) > 10*time.Second {
			t.Fatal("the key does not expire")
		}
	}
}

// TestClock: the clock advances by the time that has passed, and walks over the
// keys for at most a twentieth of it.
func TestClock(t *testing.T) {
	for _, walk := range []time.Duration{0, 3 * time.Millisecond, 30 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			var sum, longest, walking time.Duration
			start := time.Now()
			done := make(chan struct{})
			go func() {
				defer close(done)
				runClock(ctx, func(d time.Duration) {
					sum += d
					longest = max(longest, d)
					walking += walk
					time.Sleep(walk)
				})
			}()
			time.Sleep(time.Minute)
			cancel()
			<-done
			passed := time.Since(start)
			step := max(100*time.Millisecond, 20*walk)
			if passed-sum > step+walk || sum > passed {
				t.Errorf("walk of %v: advanced %v in %v", walk, sum, passed)
			}
			if longest > step+walk {
				t.Errorf("walk of %v: a step of %v", walk, longest)
			}
			if walking > passed/20+walk {
				t.Errorf("walk of %v: walked %v of %v", walk, walking, passed)
			}
		})
	}
}
