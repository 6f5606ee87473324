package main

import (
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "touchgate.dev/"

// wall is one rule about which package may import which. The linter has the same
// rules in .golangci.yml. This test checks them also where only Go is installed.
type wall struct {
	reason string
	// inside is the folder whose packages the wall binds, "" for all packages. It
	// does not bind those in the folders outside.
	inside  string
	outside []string
	// deny lists the imports that the wall forbids: a package with all below it,
	// module for every package of ours, or "." for all but the standard library.
	// allow lists exceptions.
	deny  []string
	allow []string
}

var walls = []wall{
	{
		reason: "touch depends on the standard library only",
		inside: "touch",
		deny:   []string{"."},
	},
	{
		reason: "the ledger depends on no other floor but touch",
		inside: "ledger",
		deny:   floors("policies", "channels", "gateway", "workers", "app", "cmd"),
	},
	{
		reason: "policies judge: they neither send nor store",
		inside: "policies",
		deny:   floors("ledger", "channels", "gateway", "workers", "app", "cmd"),
	},
	{
		reason: "channels send: they neither judge nor store",
		inside: "channels",
		deny:   floors("ledger", "policies", "gateway", "workers", "app", "cmd"),
	},
	{
		reason: "the author of an adapter needs only touch and channels/adapter",
		inside: "channels/adapter",
		deny:   []string{module},
		allow:  []string{module + "touch", module + "channels/adapter"},
	},
	{
		reason: "the gateway accepts touches and does not depend on those who send them",
		inside: "gateway",
		deny:   floors("workers", "app", "cmd"),
	},
	{
		reason: "workers send touches and do not depend on those who accept them",
		inside: "workers",
		deny:   floors("gateway", "app", "cmd"),
	},
	{
		reason: "commands call app, never the other way round",
		inside: "app",
		deny:   floors("cmd"),
	},
	{
		reason:  "one package uses the queue's library",
		outside: []string{"workers/queue"},
		deny:    []string{"github.com/hibiken/asynq"},
	},
	{
		reason:  "one package serves HTTP to callers",
		outside: []string{"gateway/httpapi"},
		deny:    []string{"github.com/gin-gonic/gin"},
	},
	{
		reason:  "one package uses the breaker's library",
		outside: []string{"channels"},
		deny:    []string{"github.com/sony/gobreaker"},
	},
	{
		reason:  "use cases know no HTTP framework, store or queue",
		inside:  "gateway",
		outside: []string{"gateway/httpapi"},
		deny:    []string{"github.com/redis", "database/sql", "github.com/jackc"},
	},
	{
		reason:  "SQL stays in the ledger's drivers, and in the benches and trials of bare servers",
		outside: []string{"ledger", "internal/lab", "internal/testserver"},
		deny:    []string{"database/sql", "modernc.org/sqlite", "github.com/jackc/pgx", "github.com/pressly/goose"},
	},
	{
		reason:  "one package embeds a Redis",
		outside: []string{"internal/redisembed"},
		deny:    []string{"github.com/alicebob/miniredis"},
	},
	{
		reason:  "the command line is cmd's",
		outside: []string{"cmd", "internal/commandline"},
		deny:    []string{"github.com/spf13/cobra"},
	},
	{
		reason:  "only commands and the lab's reports draw tables",
		outside: []string{"cmd", "internal/commandline", "internal/lab"},
		deny:    []string{"github.com/jedib0t/go-pretty"},
	},
	{
		reason:  "the lab breaks servers; production never reaches it",
		outside: []string{"internal/lab", "cmd/touchgate-lab"},
		deny:    []string{module + "internal/lab"},
	},
	{
		reason: "the oracle shares no code with what it checks",
		inside: "internal/oracle",
		deny:   []string{module},
		allow:  []string{module + "touch", module + "internal/oracle"},
	},
	{
		reason: "the simulator knows the vendors' protocol only",
		inside: "internal/simulator",
		deny:   floors("ledger", "policies", "gateway", "workers", "app", "cmd"),
	},
	{
		reason:  "one package uses the library of the condition language",
		outside: []string{"policies/cond"},
		deny:    []string{"cel.dev/cel-go"},
	},
	{
		reason: "conditions know no rules",
		inside: "policies/cond",
		deny:   []string{module + "policies/ruleset"},
	},
	{
		reason: "rules know no guard",
		inside: "policies/ruleset",
		deny:   []string{module + "policies"},
		allow:  []string{module + "policies/ruleset", module + "policies/cond", module + "policies/calendar", module + "policies/jurisdiction", module + "policies/contactlog"},
	},
}

// floors returns the import paths of top folders.
func floors(names ...string) []string {
	for i, n := range names {
		names[i] = module + n
	}
	return names
}

// TestWalls reads the imports of every file that is not a test. Tests may import
// across a wall, for example to use a server or a fake.
func TestWalls(t *testing.T) {
	seen := 0
	forEachSource(t, func(folder, file string, imports []string) {
		seen++
		for _, w := range walls {
			for _, path := range imports {
				if w.forbids(folder, path) {
					t.Errorf("%s imports %s: %s", file, path, w.reason)
				}
			}
		}
	})
	if seen < 20 {
		t.Errorf("only %d files were read", seen)
	}
}

// TestWallsForbid checks imports that some wall must forbid. So a wall that forbids
// nothing is noticed.
func TestWallsForbid(t *testing.T) {
	for folder, path := range map[string]string{
		"touch":               "github.com/google/uuid",
		"policies/calendar":   module + "ledger",
		"channels/sms/http":   module + "policies",
		"gateway":             "github.com/hibiken/asynq",
		"workers":             "github.com/gin-gonic/gin",
		"channels/adapter":    module + "channels",
		"policies":            "database/sql",
		"gateway/httpapi":     module + "workers/queue",
		"ledger/ledgertest":   module + "gateway",
		"internal/redisembed": "github.com/spf13/cobra",
		"channels/remote":     module + "internal/lab/bench",
		"internal/oracle":     module + "ledger",
		"internal/simulator":  module + "workers",
	} {
		if !slices.ContainsFunc(walls, func(w wall) bool { return w.forbids(folder, path) }) {
			t.Errorf("no wall keeps %s out of %s", path, folder)
		}
	}
}

// TestOneLua checks that one package contains all scripts for Redis.
func TestOneLua(t *testing.T) {
	err := filepath.WalkDir(root(t), func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".lua") && !strings.Contains(filepath.ToSlash(path), "policies/contactlog/") {
			t.Errorf("%s: Lua outside policies/contactlog", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// forbids reports whether the wall forbids a package in folder to import path.
func (w wall) forbids(folder, path string) bool {
	if w.inside != "" && !within(folder, w.inside) {
		return false
	}
	if slices.ContainsFunc(w.outside, func(o string) bool { return within(folder, o) }) {
		return false
	}
	if slices.ContainsFunc(w.allow, func(a string) bool { return within(path, a) }) {
		return false
	}
	return slices.ContainsFunc(w.deny, func(d string) bool {
		if d == "." { // everything but the standard library and the folder's own
			first, _, _ := strings.Cut(path, "/")
			return strings.Contains(first, ".") && !within(path, module+folder)
		}
		return d == module && strings.HasPrefix(path, module) || within(path, d)
	})
}

// within reports whether path is the folder or lies below it.
func within(path, folder string) bool { return path == folder || strings.HasPrefix(path, folder+"/") }
