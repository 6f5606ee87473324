package testserver

import (
	"os"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"touchgate.dev/touch"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// tempDir makes a folder that the user postgres may enter, unlike t.TempDir.
func tempDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "tgtest")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// skipOrFail ends the test on an error: it is skipped if the server is missing.
func skipOrFail(t *testing.T, err error) {
	t.Helper()
	if touch.ClassOf(err) == touch.NotFound {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestRedisAnswersUntilClosed(t *testing.T) {
	s, err := StartRedis(tempDir(t), "redis", "")
	skipOrFail(t, err)
	t.Cleanup(s.Close)
	c := redis.NewClient(&redis.Options{Addr: s.Socket, MaxRetries: -1})
	defer c.Close()
	if err := c.Set(t.Context(), "a", "b", 0).Err(); err != nil {
		t.Fatal(err)
	}
	s.Close()
	if err := c.Ping(t.Context()).Err(); err == nil {
		t.Error("the server answers after Close")
	}
}

func TestPostgresIsDurable(t *testing.T) {
	s, err := StartPostgres(t.Context(), tempDir(t))
	skipOrFail(t, err)
	t.Cleanup(s.Close)
	c, err := pgx.Connect(t.Context(), s.DSN)
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

func TestPostgresSurvivesCrash(t *testing.T) {
	s, err := StartPostgres(t.Context(), tempDir(t))
	skipOrFail(t, err)
	t.Cleanup(s.Close)
	run := func(statement string) {
		t.Helper()
		c, err := pgx.Connect(t.Context(), s.DSN)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close(t.Context())
		if _, err := c.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	run("CREATE TABLE kept (n int)")
	if err := s.Crash(); err != nil {
		t.Fatal(err)
	}
	if err := s.Start(startTimeout); err != nil {
		t.Fatal(err)
	}
	run("INSERT INTO kept VALUES (1)")
}
