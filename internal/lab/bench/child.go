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

// Child makes the Start of Options: it runs command with "--config FILE" (and
// "--cpuprofile FILE") as a process of its own, so that its CPU time and memory
// are told apart from ours. The child says its address in its first line of
// standard output, and ends when its standard input does, which is also when we
// die. It is sent no signal: the terminal may have sent it one already, and a
// second one means "at once".
func Child(command ...string) func(ctx context.Context, config, profile string, more ...string) (*House, error) {
	return func(_ context.Context, config, profile string, more ...string) (*House, error) {
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
		said, err := bufio.NewReader(output).ReadString('\n')
		if err != nil {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
			return nil, touch.Errorf(touch.Unavailable, "", "the house does not start; see above")
		}
		return &House{URL: strings.TrimSpace(said), PID: cmd.Process.Pid, Stop: func() error {
			input.Close()
			late := time.AfterFunc(40*time.Second, func() { _ = cmd.Process.Kill() })
			defer late.Stop()
			return cmd.Wait()
		}}, nil
	}
}

// UntilClosed ends the answered context when in ends.
func UntilClosed(ctx context.Context, in io.Reader) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		_, _ = io.Copy(io.Discard, in) // its end is all that matters
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
