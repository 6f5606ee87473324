package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"touchgate.dev/internal/testserver/servertest"
)

// files writes a folder; a name ends in the file's extension.
func files(t *testing.T, all map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range all {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// touchgate runs touchgate and returns what it printed to both outputs, and its status.
func touchgate(t *testing.T, args ...string) (out string, status int) {
	t.Helper()
	var b bytes.Buffer
	status = run(args, &b, &b, nil)
	return b.String(), status
}

// expect runs touchgate and checks its status and that it printed some texts.
func expect(t *testing.T, want int, args []string, texts ...string) {
	t.Helper()
	out, status := touchgate(t, args...)
	if status != want {
		t.Errorf("touchgate %s: status %d, want %d", strings.Join(args, " "), status, want)
	}
	for _, text := range texts {
		if !strings.Contains(out, text) {
			t.Errorf("touchgate %s: %q is missing in\n%s", strings.Join(args, " "), text, out)
		}
	}
}

const (
	goodPolicy   = "policy: p\nrules:\n  - {id: once, cap: {limit: 1, per: 7d}}\n"
	goodScenario = `{"id": "s", "time_zone": "UTC", "steps": [
 {"at": "2026-03-02T10:00:00Z", "do": "touch", "customer": "c", "channel": "sms", "category": "service", "expect": "allow"},
 {"at": "2026-03-02T11:00:00Z", "do": "touch", "customer": "c", "channel": "sms", "category": "service", "expect": "deny"}]}`
)

func TestPolicyCheck(t *testing.T) {
	dir := files(t, map[string]string{
		"good/a.yaml": goodPolicy,
		"bad/b.yaml":  "policy: b\nrules:\n  - {id: x, cap: {limit: 0, per: 7d}}\n  - {id: y, wehn: 'true', require: 'true'}\n",
		"empty/x.txt": "",
	})
	expect(t, exitOK, []string{"policy", "check", dir + "/good"}, "ok: 1 documents, 1 rules, hash ")
	expect(t, exitFailed, []string{"policy", "check", dir + "/bad", dir + "/good/a.yaml"},
		dir+"/bad/b.yaml:3: the limit is a whole number", dir+"/bad/b.yaml:4: unknown key \"wehn\" (did you mean when?)", "2 faults")
	expect(t, exitUsage, []string{"policy", "check", dir + "/empty"}, "holds no policy")
	expect(t, exitUsage, []string{"policy", "check", dir + "/none"}, "cannot be read")
}

func TestPolicyTest(t *testing.T) {
	dir := files(t, map[string]string{
		"one/policy.yaml":     goodPolicy,
		"one/scenarios.json":  goodScenario,
		"two/law.yaml":        goodPolicy,
		"two/law.json":        goodScenario,
		"two/other.yaml":      strings.Replace(goodPolicy, "limit: 1", "limit: 2", 1),
		"two/other.json":      goodScenario,
		"deep/p/a.yaml":       "policy: a\nrules:\n  - {id: never, require: 'false'}\n",
		"deep/top.json":       goodScenario,
		"deep/own/policy.yml": "",
		"deep/own/own.yaml":   goodPolicy,
		"deep/own/play.json":  goodScenario,
		"broken/policy.yaml":  "policy: [",
		"broken/a.json":       goodScenario,
		"wrong/policy.yaml":   goodPolicy,
		"wrong/a.json":        strings.Replace(goodScenario, `"sms"`, `"fax"`, 1),
		"alone/a.json":        goodScenario,
	})
	expect(t, exitOK, []string{"policy", "test", dir + "/one"}, "ok: 1 scenarios, 2 steps")
	expect(t, exitOK, []string{"policy", "test", "-v", dir + "/one"}, "ok   step 2")
	// Of a pair of one name the policy is that one alone; the step that differs is named.
	expect(t, exitFailed, []string{"policy", "test", dir + "/two"}, dir+"/two/other.json: DIFF step 2", "expected deny, got allow", "1 of 4 steps differ")
	// Folders below belong to it, unless they have scenarios of their own.
	expect(t, exitFailed, []string{"policy", "test", dir + "/deep"}, dir+"/deep/top.json: DIFF step 1", "got refuse by a/never", "1 of 4 steps differ")
	expect(t, exitFailed, []string{"policy", "test", dir + "/broken", dir + "/wrong", dir + "/one"},
		dir+"/broken/policy.yaml:1: not YAML", "steps[0]: there is no channel \"fax\"", "2 of 3 scenarios could not be played")
	expect(t, exitOK, []string{"policy", "test", "--policy", dir + "/one/policy.yaml", "--scenarios", dir + "/alone"}, "ok: 1 scenarios")
	expect(t, exitUsage, []string{"policy", "test", dir + "/alone"}, "no policy (*.yaml) stands beside")
	expect(t, exitUsage, []string{"policy", "test", "--policy", dir + "/one"}, "go together")
	expect(t, exitUsage, []string{"policy", "test"}, "name a folder")
}

func TestPolicyTestOnRedis(t *testing.T) {
	addr := servertest.Redis(t)
	// The 18 laws and the sample, on the model and on this Redis.
	expect(t, exitOK, []string{"policy", "test", "--redis", addr, "../../policies/packs"}, "ok: 21 scenarios, ")
	client := redis.NewClient(&redis.Options{Addr: addr})
	defer client.Close()
	if n, err := client.DBSize(t.Context()).Result(); err != nil || n != 0 {
		t.Errorf("%d keys are left behind, %v", n, err)
	}
	expect(t, exitFailed, []string{"policy", "test", "--redis", "127.0.0.1:1", "../../policies/packs/us-reg-f-7-in-7"}, "does not answer")
}

func TestPolicyExplainCase(t *testing.T) {
	dir := files(t, map[string]string{
		"p.yaml": goodPolicy,
		"case.json": `{"at": "2026-11-20T10:00:00Z", "touch": {"key": "k", "customer": "c", "category": "marketing", "plan": [{"channel": "sms"}]},
			"contacts": [{"at": "2026-11-18T10:00:00Z", "channel": "push", "category": "service"}]}`,
		"bad.json": "{\n\"at\": }",
	})
	expect(t, exitOK, []string{"policy", "explain", "--case", dir + "/case.json", "--policy", dir + "/p.yaml", "--zone", "Asia/Shanghai"},
		"sms must wait until Wed 2026-11-25 18:00:00 CST", "p/once decided", "counted 1 of 1")
	expect(t, exitUsage, []string{"policy", "explain", "--case", dir + "/bad.json", "--policy", dir + "/p.yaml"}, "bad.json: line 2")
	expect(t, exitUsage, []string{"policy", "explain"}, "name a touch")
	expect(t, exitUsage, []string{"policy", "explain", "--case", "x", "--policy", "y", "--zone", "Mars/Olympus"}, "there is no zone")
}

func TestPolicyDiffAndFormat(t *testing.T) {
	dir := files(t, map[string]string{
		"old.yaml": goodPolicy,
		"new.yaml": "# ours\nrules:\n  - {cap: {limit: 2, per: 7d}, id: once} # often enough\npolicy: p\n",
	})
	expect(t, exitFailed, []string{"policy", "diff", dir + "/old.yaml", dir + "/new.yaml"}, "changed p/once: cap.limit: 1 becomes 2")
	expect(t, exitOK, []string{"policy", "diff", dir + "/old.yaml", dir + "/old.yaml"}, "they say the same")
	expect(t, exitOK, []string{"policy", "fmt", "-l", dir}, dir+"/new.yaml\n")
	expect(t, exitOK, []string{"policy", "fmt", "-w", dir}, dir+"/new.yaml\n")
	got, err := os.ReadFile(dir + "/new.yaml")
	if want := "policy: p\n# ours\nrules:\n  - {id: once, cap: {limit: 2, per: 7d}} # often enough\n"; err != nil || string(got) != want {
		t.Errorf("%v\n%s", err, got)
	}
	if out, status := touchgate(t, "policy", "fmt", "-l", dir); out != "" || status != exitOK {
		t.Errorf("formatted twice: %s", out)
	}
}

func TestPolicyReference(t *testing.T) {
	want, err := os.ReadFile("../../docs/policy-reference.md")
	if err != nil {
		t.Fatal(err)
	}
	if out, _ := touchgate(t, "policy", "reference"); out != string(want) {
		t.Error("docs/policy-reference.md is not what the code says: run touchgate policy reference > docs/policy-reference.md")
	}
}
