package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"touchgate.dev/internal/testserver/servertest"
)

// asProgram is the variable that makes the test binary run as touchgate itself.
const asProgram = "TEST_AS_TOUCHGATE"

// TestMain also lets the test binary be a worker process of the demo.
func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		os.Exit(run(os.Args[1:], os.Stdout, os.Stderr, os.Environ()))
	}
	if len(os.Args) > 2 && os.Args[1] == "demo" && os.Args[2] == "worker" {
		os.Exit(run(os.Args[1:], os.Stdout, os.Stderr, os.Environ()))
	}
	os.Exit(m.Run())
}

// command runs a command line and returns what it printed.
func command(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(args, &out, &errs, []string{"PATH=" + os.Getenv("PATH")})
	return code, out.String(), errs.String()
}

func demo(t *testing.T, args ...string) (r demoResult) {
	t.Helper()
	code, stdout, stderr := command(t, append([]string{"demo", "--json"}, args...)...)
	if err := json.Unmarshal([]byte(stdout), &r); err != nil {
		t.Fatalf("status %d, output %q: %v\n%s", code, stdout, err, stderr)
	}
	if code != exitOK || r.Lost != 0 || r.Duplicated != 0 || r.OverCap != 0 {
		t.Fatalf("status %d, %+v\n%s", code, r, stderr)
	}
	return r
}

func TestDemo(t *testing.T) {
	r := demo(t, "--touches", "600")
	if r.Accepted != 600 {
		t.Errorf("accepted %d of 600", r.Accepted)
	}
	for what, n := range map[string]int{
		"sent": r.Sent, "delivered": r.Delivered, "capped": r.Capped, "refused": r.Refused, "deferred": r.Deferred, "failed": r.Failed,
	} {
		if n == 0 {
			t.Errorf("nothing was %s: %+v", what, r)
		}
	}
}

// campaignFile writes a file in which each of n customers is to be contacted three
// times, on three channels, and a policy that allows two.
func campaignFile(t *testing.T, n int) (file, policies string) {
	t.Helper()
	var b strings.Builder
	for turn := range 3 {
		for i := range n {
			channel := []string{"sms", "push", "ai_call", "inbox"}[(i+turn)%4]
			fmt.Fprintf(&b, `{"key":"k-%d-%d","customer":"c%d","category":"marketing","campaign":"x","plan":[{"channel":%q,"template":"hello","params":{"turn":"%d"}}],"addresses":{"sms":"+3519%08d","ai_call":"+3519%08d","push":"d%d"}}`+"\n",
				i, turn, i, channel, turn, i, i, i)
		}
	}
	policy := "policy: two\nrules:\n  - {id: two, cap: {limit: 2, per: 30d, by: [customer]}, else: refuse}\n"
	return write(t, "touches.ndjson", b.String()), filepath.Dir(write(t, "two.yaml", policy))
}

func TestDemoFileTwice(t *testing.T) {
	file, policies := campaignFile(t, 100)
	data := t.TempDir()
	args := []string{"--file", file, "--policies", policies, "--data", data}
	first := demo(t, args...)
	if first.Accepted != 300 || first.Sent != 200 || first.Capped != 100 || first.NewMessages != 200 {
		t.Errorf("first run: %+v", first)
	}
	second := demo(t, args...)
	if second.Repeated != 300 || second.Sent != 200 || second.Capped != 100 || second.NewMessages != 0 {
		t.Errorf("second run: %+v", second)
	}
}

func TestDemoFaultyLines(t *testing.T) {
	good := `{"key":"%s","customer":"c1","category":"service","campaign":"x","plan":[{"channel":"inbox","content":{"body":"hello"}}]}`
	file := write(t, "touches.ndjson", strings.Join([]string{
		fmt.Sprintf(good, "a"), `{"key":`, strings.Replace(fmt.Sprintf(good, "b"), `"inbox"`, `"pigeon"`, 1), fmt.Sprintf(good, "c"),
	}, "\n"))
	code, stdout, stderr := command(t, "demo", "--json", "--file", file)
	var r demoResult
	if err := json.Unmarshal([]byte(stdout), &r); err != nil {
		t.Fatal(err, stderr)
	}
	if code != exitOK || r.Accepted != 2 || r.Faulty != 2 || r.Sent != 2 {
		t.Errorf("status %d, %+v", code, r)
	}
	for _, want := range []string{"line 2: ", "line 3: "} {
		if !strings.Contains(stderr, want) {
			t.Errorf("%q is missing:\n%s", want, stderr)
		}
	}
}

func TestDemoWithWorkers(t *testing.T) {
	dsn, redis := servertest.Postgres(t), servertest.Redis(t)
	config := write(t, "touchgate.yaml", fmt.Sprintf("ledger: {driver: postgres, dsn: %q}\nredis: {mode: single, addresses: [%q]}\n", dsn, redis))
	file, policies := campaignFile(t, 200)
	args := []string{"--file", file, "--policies", policies, "--config", config, "--workers", "2"}
	r := demo(t, args...)
	if r.Accepted != 600 || r.Sent != 400 || r.Capped != 200 || r.NewMessages != 400 {
		t.Errorf("%+v", r)
	}
}

func TestDemoFlags(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		code int
		want string
	}{
		"no touches":       {[]string{"demo", "--touches", "0"}, exitUsage, "--touches is 1 to"},
		"no such file":     {[]string{"demo", "--file", "/nowhere/at/all"}, exitFailed, "cannot read the file"},
		"no such folder":   {[]string{"demo", "--policies", "/nowhere/at/all"}, exitUsage, "is not a folder"},
		"workers alone":    {[]string{"demo", "--workers", "2"}, exitUsage, "needs --config"},
		"an unknown flag":  {[]string{"demo", "--loud"}, exitUsage, "unknown flag"},
		"a worker by hand": {[]string{"demo", "worker"}, exitFailed, "is started by"},
		"a broken policy":  {[]string{"demo", "--policies", filepath.Dir(write(t, "p.yaml", "policy: x\nrules: [{id: y, cap: {limit: 0, per: 7d}}]\n"))}, exitFailed, "p.yaml:2"},
	} {
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr := command(t, c.args...)
			if code != c.code || !strings.Contains(stderr, c.want) || stdout != "" {
				t.Errorf("status %d, want %d; %q, want %q", code, c.code, stderr, c.want)
			}
		})
	}
}
