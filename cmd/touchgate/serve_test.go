package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSend(t *testing.T) {
	listen := freeAddress(t)
	stop := startServer(t, "serve", "--dev", "--listen", listen, "--data", t.TempDir())
	defer stop()
	file := filepath.Join(root(t), "examples", "touches.ndjson")
	args := []string{"send", file, "--to", "http://" + listen, "--key", devKey, "--wait"}
	code, stdout, stderr := command(t, args...)
	if code != exitOK || !strings.Contains(stdout, "accepted 200 ") || !strings.Contains(stdout, "delivered") {
		t.Errorf("status %d: %s\n%s", code, stdout, stderr)
	}
	code, stdout, _ = command(t, args[:len(args)-1]...)
	if code != exitOK || !strings.Contains(stdout, "accepted 0 ") || !strings.Contains(stdout, "repeated 200\n") {
		t.Errorf("again: status %d: %s", code, stdout)
	}

	faulty := write(t, "faulty.ndjson", strings.Join([]string{
		`{"key":"m1","customer":"nobody","category":"marketing","campaign":"f","plan":[{"channel":"inbox","content":{"body":"hi"}}]}`,
		`{"key":"m2","customer":"x","category":"marketing","campaign":"f","plan":[]}`, "not json",
	}, "\n"))
	code, stdout, stderr = command(t, "send", faulty, "--to", "http://"+listen, "--key", devKey)
	if code != exitFailed || !strings.Contains(stdout, "refused 1\n  retail-outreach/consent 1\nfaulty 2\n") ||
		!strings.Contains(stderr, faulty+":2: ") || !strings.Contains(stderr, faulty+":3: ") {
		t.Errorf("faulty: status %d: %s\n%s", code, stdout, stderr)
	}
	for name, c := range map[string]struct{ args, want string }{
		"a wrong key":       {"send " + file + " --key wrong --to http://" + listen, "Who is asking is unknown"},
		"no gateway":        {"send " + file + " --key k --to http://127.0.0.1:1", "does not answer"},
		"no address":        {"send " + file + " --key k --to nowhere", "not an http or https address"},
		"no key":            {"send " + file, "give the API key"},
		"no file":           {"send /nowhere/at/all --key k", "cannot read the file"},
		"names no campaign": {"send " + write(t, "x.ndjson", "{}") + " --key k", "names no campaign"},
	} {
		if code, _, stderr := command(t, strings.Fields(c.args)...); code == exitOK || !strings.Contains(stderr, c.want) {
			t.Errorf("%s: status %d, %q, want %q", name, code, stderr, c.want)
		}
	}
}

func TestServeDevLoopback(t *testing.T) {
	for _, listen := range []string{"0.0.0.0:8080", ":8080", "192.168.0.1:8080", "here", "127.0.0.1:http"} {
		code, _, stderr := command(t, "serve", "--dev", "--listen", listen, "--data", t.TempDir())
		if code != exitUsage {
			t.Errorf("%s: status %d, %q", listen, code, stderr)
		}
	}
}

func TestKeys(t *testing.T) {
	config := write(t, "touchgate.yaml", "data: "+t.TempDir()+"\n")
	code, key, stderr := command(t, "key", "create", "engine", "--scopes", "submit,read", "--config", config)
	key = strings.TrimSpace(key)
	if code != exitOK || !strings.HasPrefix(key, "tg_") || strings.Contains(stderr, key) {
		t.Fatalf("status %d, %q, %q", code, key, stderr)
	}
	id := strings.Split(key, "_")[1]
	_, list, _ := command(t, "key", "list", "--config", config)
	if !strings.Contains(list, id) || !strings.Contains(list, "engine") || strings.Contains(list, key) {
		t.Errorf("list: %s", list)
	}
	if code, _, stderr := command(t, "key", "revoke", id, "--config", config); code != exitOK {
		t.Errorf("revoke: %s", stderr)
	}
	if code, _, _ := command(t, "key", "revoke", "nobody", "--config", config); code != exitFailed {
		t.Errorf("revoke of nothing: %d", code)
	}
	if code, _, stderr := command(t, "key", "create", "engine", "--scopes", "everything", "--config", config); code != exitFailed || !strings.Contains(stderr, "scope") {
		t.Errorf("an unknown scope: %d %q", code, stderr)
	}
}

// TestSampleConfiguration checks that the sample in deploy is valid. Only the
// paths of the secrets' files are replaced.
func TestSampleConfiguration(t *testing.T) {
	b, err := os.ReadFile(filepath.Join(root(t), "deploy", "touchgate.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	text := strings.ReplaceAll(string(b), "/run/secrets/", dir+"/")
	text = strings.ReplaceAll(text, "/etc/touchgate/policies", filepath.Join(root(t), "examples", "policies"))
	for _, name := range []string{"ledger-dsn", "redis-password", "app-secret", "sms-main", "sms-standby", "dialler", "fcm"} {
		secret := "whsec_" + "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
		if err := os.WriteFile(filepath.Join(dir, name), []byte(secret), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	path := write(t, "touchgate.yaml", text)
	code, stdout, stderr := command(t, "config", "check", "--config", path)
	if code != exitOK || !strings.Contains(stdout, "ledger postgres, redis single, 6 providers") {
		t.Fatalf("status %d: %s%s", code, stdout, stderr)
	}
	_, shown, _ := command(t, "config", "show", "--config", path)
	if strings.Contains(shown, "whsec_") || !strings.Contains(shown, "sms-main") {
		t.Errorf("shown: %s", shown)
	}
}

func TestVersionAndUsage(t *testing.T) {
	if code, stdout, _ := command(t, "version"); code != exitOK || !strings.HasPrefix(stdout, "touchgate ") {
		t.Errorf("version: %d %q", code, stdout)
	}
	if code, _, stderr := command(t, "serve", "--nonsense"); code != exitUsage || !strings.Contains(stderr, "unknown flag") {
		t.Errorf("flag: %d %q", code, stderr)
	}
	if code, _, _ := command(t, "config", "check", "--config", write(t, "c.yaml", "nonsense: 1")); code != exitUsage {
		t.Errorf("a faulty configuration: %d", code)
	}
}

// TestDependenciesAreListed checks that docs/dependencies.md has each direct
// dependency at the version in go.mod.
func TestDependenciesAreListed(t *testing.T) {
	mod, err := os.ReadFile(filepath.Join(root(t), "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := os.ReadFile(filepath.Join(root(t), "docs", "dependencies.md"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(mod)) {
		f := strings.Fields(line)
		if len(f) != 2 || !strings.HasPrefix(f[1], "v") || strings.Contains(line, "//") {
			continue
		}
		name := strings.TrimPrefix(f[0], "github.com/")
		if !strings.Contains(string(doc), "| "+name+" | "+f[1]+" |") {
			t.Errorf("docs/dependencies.md has no line for %s %s", name, f[1])
		}
	}
}
