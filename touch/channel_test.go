package touch_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"touchgate.dev/touch"
)

// TestEveryChannel walks the table of channels. TestNewChannel runs it, and its
// namesakes in other packages, against a table with one channel more.
func TestEveryChannel(t *testing.T) {
	codes := map[uint8]touch.Channel{}
	for i, c := range touch.Channels() {
		if !c.Valid() || c.Index() != i {
			t.Errorf("%s: valid %v, index %d, want %d", c, c.Valid(), c.Index(), i)
		}
		code := c.LogCode()
		if code < 1 || code > 15 || codes[code] != "" {
			t.Errorf("%s has the code %d, as %q has", c, code, codes[code])
		}
		codes[code] = c
		if back, ok := touch.ChannelByLogCode(code); !ok || back != c {
			t.Errorf("code %d reads back as %q, want %q", code, back, c)
		}
		if len(c.Groups()) == 0 || c.Method() != c.Groups()[0] {
			t.Errorf("%s has groups %q and method %q", c, c.Groups(), c.Method())
		}
		if c.IsTask() && !c.IsFirstParty() {
			t.Errorf("%s is a task of a vendor", c)
		}
		if c.NeedsAddress() && c.IsTask() {
			t.Errorf("%s is a task and needs an address", c)
		}
	}
	if len(codes) != touch.NumChannels {
		t.Errorf("%d codes for %d channels", len(codes), touch.NumChannels)
	}
}

func TestEveryCategory(t *testing.T) {
	codes := map[uint8]bool{}
	for i, c := range touch.Categories() {
		if !c.Valid() || c.Index() != i {
			t.Errorf("%s: valid %v, index %d, want %d", c, c.Valid(), c.Index(), i)
		}
		code := c.LogCode()
		if code < 1 || code > 7 || codes[code] {
			t.Errorf("%s has the code %d", c, code)
		}
		codes[code] = true
		if back, ok := touch.CategoryByLogCode(code); !ok || back != c {
			t.Errorf("code %d reads back as %q, want %q", code, back, c)
		}
	}
}

func TestUnknownChannel(t *testing.T) {
	for _, c := range []touch.Channel{"", "fax", "SMS"} {
		if c.Valid() || c.Index() != -1 || c.LogCode() != 0 || c.Method() != "" {
			t.Errorf("%q: valid %v, index %d, code %d, method %q", c, c.Valid(), c.Index(), c.LogCode(), c.Method())
		}
		if c.NeedsAddress() || c.IsPhone() || c.IsTask() || c.IsFirstParty() || c.IsCall() {
			t.Errorf("%q has the traits of a channel", c)
		}
	}
	if c, ok := touch.ChannelByLogCode(0); ok {
		t.Errorf("code 0 is %q", c)
	}
	if c, ok := touch.ChannelByLogCode(255); ok {
		t.Errorf("code 255 is %q", c)
	}
}

// TestStoredCodes fixes the numbers that contact logs in Redis hold.
func TestStoredCodes(t *testing.T) {
	for c, want := range map[touch.Channel]uint8{
		touch.SMS: 1, touch.Push: 2, touch.Popup: 3, touch.Inbox: 4, touch.AICall: 5, touch.RMTask: 6,
	} {
		if got := c.LogCode(); got != want {
			t.Errorf("%s has the code %d, want %d", c, got, want)
		}
	}
	for c, want := range map[touch.Category]uint8{
		touch.Marketing: 1, touch.Service: 2, touch.Transactional: 3, touch.Collection: 4,
	} {
		if got := c.LogCode(); got != want {
			t.Errorf("%s has the code %d, want %d", c, got, want)
		}
	}
}

func TestLane(t *testing.T) {
	if got := touch.Lane(touch.SMS, true); got != "sms.urgent" {
		t.Errorf("got %q", got)
	}
	if got := touch.Lane(touch.RMTask, false); got != "rm_task.bulk" {
		t.Errorf("got %q", got)
	}
}

// TestNewChannel adds a made-up channel to the table and runs every test named
// TestEveryChannel with it. The go command overlays the edited file, so that
// nothing in the tree changes.
func TestNewChannel(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles the packages that depend on channels")
	}
	table, err := filepath.Abs("channel.go")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile(table)
	if err != nil {
		t.Fatal(err)
	}
	const head = "var channels = [...]channelRow{\n"
	const row = "\t{name: \"messenger\", logCode: 7, groups: []string{\"text\"}, phone: true, addressOf: SMS, needsAddress: true},\n"
	before, after, ok := strings.Cut(string(source), head)
	rows, rest, closed := strings.Cut(after, "\n}\n")
	if !ok || !closed {
		t.Fatal("the table was not found in channel.go")
	}
	edited := filepath.Join(t.TempDir(), "channel.go")
	if err := os.WriteFile(edited, []byte(before+head+rows+"\n"+row+"}\n"+rest), 0o600); err != nil {
		t.Fatal(err)
	}
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{table: edited}})
	if err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(t.TempDir(), "overlay.json")
	if err := os.WriteFile(config, overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	packages := []string{".", "../channels", "../gateway", "../policies/contactlog", "../policies/ruleset"}
	args := append([]string{"test", "-overlay", config, "-run", "^TestEveryChannel"}, packages...)
	out, err := exec.CommandContext(t.Context(), "go", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("a seventh channel breaks: %v\n%s", err, out)
	}
	if n := strings.Count(string(out), "ok  "); n != len(packages) || strings.Contains(string(out), "no tests to run") {
		t.Errorf("%d of %d packages have a test of every channel:\n%s", n, len(packages), out)
	}
}
