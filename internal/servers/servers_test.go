package servers

import (
	"context"
	"os"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"touchgate.dev/touch"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// place is a folder that the user postgres may enter, unlike t.TempDir's.
func place(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "tg-servers")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func started(t *testing.T, start func(context.Context, string) (*Server, error)) *Server {
	t.Helper()
	s, err := start(t.Context(), place(t))
	if touch.ClassOf(err) == touch.NotFound {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

func TestRedisAnswersByItsSocketUntilStopped(t *testing.T) {
	s := started(t, Redis)
	c := redis.NewClient(&redis.Options{Addr: s.Address, MaxRetries: -1})
	defer c.Close()
	if err := c.Set(t.Context(), "a", "b", 0).Err(); err != nil {
		t.Fatal(err)
	}
	s.Stop()
	if err := c.Ping(t.Context()).Err(); err == nil {
		t.Error("it answers after Stop")
	}
}

func TestPostgresKeepsItsDurability(t *testing.T) {
	s := started(t, Postgres)
	c, err := pgx.Connect(t.Context(), s.Address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(t.Context())
	for _, setting := range []string{"fsync", "synchronous_commit", "full_page_writes"} {
		var got string
		if err := c.QueryRow(t.Context(), "SHOW "+setting).Scan(&got); err != nil || got != "on" {
			t.Errorf("%s is %q (%v), want on: figures without durability are worth nothing", setting, got, err)
		}
	}
}
