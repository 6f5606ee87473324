package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestSampleSecretsArePrivate runs secrets.sh where the folder is there already,
// and open.
func TestSampleSecretsArePrivate(t *testing.T) {
	script, err := os.ReadFile("../../deploy/secrets.sh")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("there is no shell")
	}
	dir := t.TempDir()
	secrets := filepath.Join(dir, "secrets")
	if err := os.Mkdir(secrets, 0o755); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "secrets.sh")
	if err := os.WriteFile(path, script, 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second run keeps what is there
		if out, err := exec.CommandContext(t.Context(), "sh", path).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	files, err := filepath.Glob(filepath.Join(secrets, "*"))
	if err != nil || len(files) != 7 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range append(files, secrets) {
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has the mode %o", filepath.Base(file), info.Mode().Perm())
		}
	}
}

// TestNoPasswordInArguments: everybody on a machine sees the arguments of its
// processes.
func TestNoPasswordInArguments(t *testing.T) {
	compose, err := os.ReadFile("../../deploy/compose.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, argument := range []string{"--requirepass", "redis-cli -a", "--pass "} {
		if strings.Contains(string(compose), argument) {
			t.Errorf("compose.yaml has %q", argument)
		}
	}
}
