package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestTour runs the tour with curl against a development server.
func TestTour(t *testing.T) {
	for _, tool := range []string{"bash", "curl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("the tour needs %s: apt-get install %s", tool, tool)
		}
	}
	listen, vendors := freeAddress(t), freeAddress(t)
	stop := startServer(t, "serve", "--dev", "--listen", listen, "--vendors", vendors, "--data", t.TempDir())
	defer stop()
	cmd := exec.Command("bash", filepath.Join(root(t), "docs", "tour.sh"))
	cmd.Env = append(os.Environ(), "TG=http://"+listen, "VENDORS=http://"+vendors)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if n := strings.Count(string(out), "\nok: "); n < 18 {
		t.Errorf("only %d steps were shown:\n%s", n, out)
	}
}

// TestReadmeTour checks that docs/tour.sh sends every body of the README's tour.
func TestReadmeTour(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join(root(t), "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	script, err := os.ReadFile(filepath.Join(root(t), "docs", "tour.sh"))
	if err != nil {
		t.Fatal(err)
	}
	squeeze := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	tour := squeeze(string(script))
	_, section, _ := strings.Cut(string(readme), "## A tour with curl")
	section, _, _ = strings.Cut(section, "### A whole file")
	bodies := regexp.MustCompile(`(?s)-d '(.*?)'\n`).FindAllStringSubmatch(section, -1)
	if len(bodies) < 8 {
		t.Fatalf("only %d calls with a body are in the README", len(bodies))
	}
	for _, b := range bodies {
		body := squeeze(b[1])
		// The tour goes over the channels, and finds a zone where it is night.
		if strings.Contains(body, "hello-inbox") || strings.Contains(body, "zones") {
			continue
		}
		if !strings.Contains(tour, body) {
			t.Errorf("docs/tour.sh does not send %s", body)
		}
	}
}

// startServer runs a command until stop is called, which fails the test unless it
// stopped in good order; it returns when the server is ready.
func startServer(t *testing.T, args ...string) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cmd := rootCommand([]string{"PATH=" + os.Getenv("PATH"), "TOUCHGATE_LOG_LEVEL=warn"})
	cmd.SetArgs(args)
	cmd.SetOut(io.Discard)
	cmd.SetErr(io.Discard)
	var running sync.WaitGroup
	var failure error
	running.Go(func() { failure = cmd.ExecuteContext(ctx) })
	listen := ""
	for i, a := range args {
		if a == "--listen" {
			listen = args[i+1]
		}
	}
	ready := false
	for range 600 {
		if resp, err := http.Get("http://" + listen + "/readyz"); err == nil {
			resp.Body.Close()
			ready = resp.StatusCode/100 == 2
		}
		if ready {
			break
		}
		time.Sleep(50 * time.Millisecond) // the server starts up
	}
	stop = func() {
		cancel()
		running.Wait()
		if failure != nil {
			t.Errorf("%s: %v", strings.Join(args, " "), failure)
		}
	}
	if !ready {
		stop()
		t.Fatal("the server is not ready")
	}
	return stop
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
