package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "touchgate.dev/"

// wall is one rule of who may import what. .golangci.yml says the same to the
// linter; this test holds the walls with Go alone.
type wall struct {
	reason string
	// inside selects the packages that the wall binds, by folder; outside
	// leaves some of them out. "" is everything.
	inside  string
	outside []string
	// deny are the imports that it forbids; allow are exceptions.
	deny  []string
	allow []string
}

var walls = []wall{
	{reason: "the words rest on the standard library only", inside: "touch", deny: []string{"."}},
	{reason: "the ledger's contract knows only the words", inside: "ledger", deny: floors("policies", "channels", "gateway", "workers", "app", "cmd")},
	{reason: "policies judge; they neither send nor store", inside: "policies", deny: floors("ledger", "channels", "gateway", "workers", "app", "cmd")},
	{reason: "channels send; they neither judge nor store", inside: "channels", deny: floors("ledger", "policies", "gateway", "workers", "app", "cmd")},
	{reason: "a vendor's author needs the words and nothing of ours beside", inside: "channels/adapter", deny: []string{module}, allow: []string{module + "touch", module + "channels/adapter"}},
	{reason: "the gateway takes in; workers are its neighbours", inside: "gateway", deny: floors("workers", "app", "cmd")},
	{reason: "workers send; the gateway is their neighbour", inside: "workers", deny: floors("gateway", "app", "cmd")},
	{reason: "app builds the parts; commands call it", inside: "app", deny: floors("cmd")},
	{reason: "one package knows the queue", outside: []string{"workers/queue"}, deny: []string{"github.com/hibiken/asynq"}},
	{reason: "one package speaks HTTP to callers", outside: []string{"gateway/httpapi"}, deny: []string{"github.com/gin-gonic/gin"}},
	{reason: "one package owns the breaker", outside: []string{"channels"}, deny: []string{"github.com/sony/gobreaker"}},
	{reason: "use cases know no HTTP framework, store or queue", inside: "gateway", outside: []string{"gateway/httpapi"}, deny: []string{"github.com/redis", "database/sql", "github.com/jackc"}},
	{reason: "SQL stays in the ledger's drivers, and in the benches and trials of bare servers", outside: []string{"ledger", "internal/lab", "internal/testserver"}, deny: []string{"database/sql", "modernc.org/sqlite", "github.com/jackc/pgx", "github.com/pressly/goose"}},
	{reason: "one package embeds a Redis", outside: []string{"internal/redisembed"}, deny: []string{"github.com/alicebob/miniredis"}},
	{reason: "the command line is cmd's", outside: []string{"cmd", "internal/commandline"}, deny: []string{"github.com/spf13/cobra"}},
	{reason: "only commands and the lab's reports draw tables", outside: []string{"cmd", "internal/commandline", "internal/lab"}, deny: []string{"github.com/jedib0t/go-pretty"}},
	{reason: "the lab breaks servers; production never reaches it", outside: []string{"internal/lab", "cmd/touchgate-lab"}, deny: []string{module + "internal/lab"}},
	{reason: "the oracle shares no code with what it checks", inside: "internal/oracle", deny: []string{module}, allow: []string{module + "touch", module + "internal/oracle"}},
	{reason: "the simulator knows the vendors' protocol only", inside: "internal/simulator", deny: floors("ledger", "policies", "gateway", "workers", "app", "cmd")},
	{reason: "one package knows the condition language", outside: []string{"policies/cond"}, deny: []string{"cel.dev/cel-go"}},
	{reason: "conditions know no rules", inside: "policies/cond", deny: []string{module + "policies/ruleset"}},
	{reason: "rules know no guard", inside: "policies/ruleset", deny: []string{module + "policies"}, allow: []string{module + "policies/ruleset", module + "policies/cond", module + "policies/calendar", module + "policies/jurisdiction", module + "policies/contactlog"}},
}

func floors(names ...string) []string {
	for i, n := range names {
		names[i] = module + n
	}
	return names
}

// TestWalls reads the imports of every file that is not a test: tests may
// climb over a wall to borrow a server or a fake.
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

// TestWallsForbid proves that the walls can fail.
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

// TestOneLua: scripts for Redis stand in one package.
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

func (w wall) forbids(folder, path string) bool {
	if w.inside != "" && !within(folder, w.inside) || slices.ContainsFunc(w.outside, func(o string) bool { return within(folder, o) }) {
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

func within(path, folder string) bool { return path == folder || strings.HasPrefix(path, folder+"/") }

func forEachSource(t *testing.T, visit func(folder, file string, imports []string)) {
	t.Helper()
	top := root(t)
	err := filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != top && strings.HasPrefix(d.Name(), ".") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		imports := make([]string, 0, len(file.Imports))
		for _, im := range file.Imports {
			imports = append(imports, strings.Trim(im.Path.Value, `"`))
		}
		name, err := filepath.Rel(top, path)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		visit(filepath.ToSlash(filepath.Dir(name)), name, imports)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// root is the module's folder.
func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); err != nil {
		t.Fatal(err)
	}
	return dir
}
