package bench

import (
	"bufio"
	"context"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"touchgate.dev/touch"
)

// Target is the running Touchgate that is measured.
type Target struct {
	URL  string
	PID  int
	Stop func() error // asks it to end, and waits
}

// stopTimeout is how long the target may take to end before it is killed.
const stopTimeout = 40 * time.Second

// Child returns a function for Options.Start. It runs command with "--config
// FILE" (and "--cpuprofile FILE") as a process of its own, so that the target's
// CPU time and memory can be told apart from ours.
//
// The child prints its address in the first line of its standard output, and
// ends when its standard input ends, which also happens when we die. It gets no
// signal: the terminal may have sent one already, and a second one means "stop
// at once".
func Child(command ...string) func(ctx context.Context, config, profile string, more ...string) (*Target, error) {
	return func(_ context.Context, config, profile string, more ...string) (*Target, error) {
		args := append(append(command[1:len(command):len(command)], "--config", config), more...)
		if profile != "" {
			args = append(args, "--cpuprofile", profile)
		}
		cmd := exec.Command(command[0], args...)
		cmd.Stderr = os.Stderr
		input, err := cmd.StdinPipe()
		if err != nil {
			return nil, err
		}
		output, err := cmd.StdoutPipe()
		if err != nil {
			return nil, err
		}
		if err := cmd.Start(); err != nil {
			return nil, err
		}
		url, err := bufio.NewReader(output).ReadString('\n')
		if err != nil {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
			return nil, touch.Errorf(touch.Unavailable, "", "Touchgate does not start; see above")
		}
		stop := func() error {
			input.Close()
			kill := time.AfterFunc(stopTimeout, func() { _ = cmd.Process.Kill() })
			defer kill.Stop()
			return cmd.Wait()
		}
		return &Target{URL: strings.TrimSpace(url), PID: cmd.Process.Pid, Stop: stop}, nil
	}
}

// UntilClosed returns a context that ends when in ends.
func UntilClosed(ctx context.Context, in io.Reader) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		_, _ = io.Copy(io.Discard, in) // only its end matters
		cancel()
	}()
	return ctx
}

func segmentArgs(n int) []string {
	if n <= 0 {
		return nil
	}
	return []string{"--segment", strconv.Itoa(n)}
}
