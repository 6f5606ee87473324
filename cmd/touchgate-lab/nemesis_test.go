package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os/exec"
	"path/filepath"
	"testing"

	"touchgate.dev/internal/testserver"
	"touchgate.dev/internal/testserver/servertest"
)

// TestNemesis runs the nemesis for some seconds, on one process with everything
// embedded and on servers. It checks the promises only: how soon a busy machine
// sends again after a fault proves nothing. `make nemesis` runs it for long.
func TestNemesis(t *testing.T) {
	program := filepath.Join(t.TempDir(), "touchgate-lab")
	if out, err := exec.Command("go", "build", "-tags", "nomsgpack", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for name, args := range map[string][]string{
		"embedded": {"--duration", "15s"},
		"servers":  {"--duration", "25s", "--servers"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := testserver.Missing(); name == "servers" && err != nil {
				servertest.Missing(t, err.Error())
			}
			t.Parallel()
			cmd := exec.Command(program, append([]string{"nemesis", "--json", "--quick", "--rate", "40", "--seed", "11"}, args...)...)
			var out, progress bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &progress
			err := cmd.Run()
			var failed *exec.ExitError
			if err != nil && !errors.As(err, &failed) {
				t.Fatal(err)
			}
			var r struct {
				Accepted int      `json:"accepted"`
				Messages int      `json:"messages"`
				Examples []string `json:"examples"`
			}
			if jsonErr := json.Unmarshal(out.Bytes(), &r); jsonErr != nil || err != nil {
				t.Fatalf("%v\n%s\n%v", err, progress.String(), r.Examples)
			}
			if r.Accepted < 100 || r.Messages < 100 {
				t.Errorf("the run proves nothing: %d accepted, %d messages", r.Accepted, r.Messages)
			}
		})
	}
}
