package main

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestPolicyTour runs every command of docs/policies.md in one shell against a
// development server, and compares the output with the lines shown there.
func TestPolicyTour(t *testing.T) {
	for _, tool := range []string{"bash", "curl", "sed", "grep"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(tool + " is missing: install it with apt-get")
		}
	}
	page, err := os.ReadFile("../../docs/policies.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```sh\n(.*?)```(?:\n```text\n(.*?)```)?").FindAllStringSubmatch(string(page), -1)
	if len(blocks) < 10 {
		t.Fatalf("%d blocks", len(blocks))
	}
	const mark = "@@ next block @@\n"
	script := "set -euo pipefail\n"
	for _, b := range blocks {
		script += b[1] + "printf '" + strings.TrimSpace(mark) + "\\n'\n"
	}
	out := runTour(t, script)
	printed := strings.Split(out, mark)
	if len(printed) != len(blocks)+1 {
		t.Fatalf("the tour ended in block %d of %d:\n%s", len(printed), len(blocks), out)
	}
	for i, b := range blocks {
		for _, line := range strings.Split(strings.TrimRight(b[2], "\n"), "\n") {
			pattern := strings.ReplaceAll(regexp.QuoteMeta(strings.TrimSpace(line)), "…", ".*")
			if !regexp.MustCompile("(?m)^ *" + pattern + " *$").MatchString(printed[i]) {
				t.Errorf("block %d shows %q, printed was\n%s", i+1, line, printed[i])
			}
		}
	}
}

// runTour runs a script in an empty folder, with this test's program as touchgate.
func runTour(t *testing.T, script string) string {
	t.Helper()
	dir := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, filepath.Join(dir, "touchgate")); err != nil {
		t.Fatal(err)
	}
	port := strconv.Itoa(freePort(t))
	script = strings.ReplaceAll(script, "127.0.0.1:8080", "127.0.0.1:"+port)
	cmd := exec.CommandContext(t.Context(), "bash", "-c", script)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"), asProgram+"=1", "TOUCHGATE_URL=http://127.0.0.1:"+port)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	// The server outlives the shell: end the whole group, and do not wait for its output.
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	select {
	case err = <-done:
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	case <-time.After(4 * time.Minute): // with -race, on a busy machine
		t.Error("the tour does not end")
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		err = <-done
	}
	if err != nil {
		t.Errorf("the tour failed: %v", err)
	}
	return out.String()
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}
