package main

import (
	"os"
	"strings"
	"testing"
)

// TestWrongArguments checks that a mistyped command has the exit status of a
// usage error, so that a script notices it.
func TestWrongArguments(t *testing.T) {
	for _, c := range []struct{ line, says string }{
		{"frob", `unknown command "frob"`},
		{"polcy", "perhaps policy"},
		{"policy chek draft", "perhaps check"},
		{"ledger frob", "See: touchgate ledger --help"},
		{"key create", "Usage: touchgate key create CALLER"},
		{"policy diff one", "received 1"},
		{"version now", "version"},
	} {
		code, stdout, stderr := command(t, strings.Fields(c.line)...)
		if code != exitUsage || stdout != "" || !strings.Contains(stderr, c.says) {
			t.Errorf("%s: status %d, %q, %q", c.line, code, stdout, stderr)
		}
	}
	for _, group := range []string{"", "policy", "key"} {
		code, stdout, _ := command(t, strings.Fields(group)...)
		if code != exitOK || !strings.Contains(stdout, "Available Commands") {
			t.Errorf("%q alone: status %d, %q", group, code, stdout)
		}
	}
}

// TestReadingMakesNoLedger checks that commands that read a ledger fail in a
// folder without one, and create nothing.
func TestReadingMakesNoLedger(t *testing.T) {
	for _, line := range []string{"ledger verify", "ledger trace --caller a --key b", "ledger export", "audit export"} {
		dir := t.TempDir()
		status, stdout, stderr := runWith([]string{"TOUCHGATE_DATA=" + dir}, strings.Fields(line)...)
		if status != exitUsage || stdout != "" || !strings.Contains(stderr, "there is no ledger at "+dir) {
			t.Errorf("%s: status %d, %q, %q", line, status, stdout, stderr)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("%s left %v, %v", line, left, err)
		}
	}
}
