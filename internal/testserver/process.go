// SPDX-License-Identifier: Apache-2.0

// Package testserver starts, stops, kills and freezes private servers for tests
// and trials: redis-server, PostgreSQL and any other program. Each server has
// its files in a folder of its own and listens on a unix socket or on loopback.
// The package never touches a process that it did not start, and no process
// outlives the one that started it. Package servertest has helpers for tests.
package testserver

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"touchgate.dev/touch"
)

// startTimeout is how long a server may take until it answers.
const startTimeout = 30 * time.Second

// Process is a program that can be started again and again. It is safe for
// concurrent use; its exported fields must not change while it starts.
type Process struct {
	Name string
	Args []string // Args[0] is the program
	Env  []string
	Dir  string // the working directory
	Log  string // the file to which its output is appended
	// Ready is called after a start until it returns nil. Without it, the
	// process is ready at once.
	Ready func() error

	user *user // nil: ours

	mu    sync.Mutex
	cmd   *exec.Cmd
	ended chan struct{}
	kills int
}

// Start starts the program, unless it is running, and waits until it is ready.
func (p *Process) Start(timeout time.Duration) error {
	ended, err := p.launch()
	if err != nil {
		return touch.Errorf(touch.Unavailable, p.Name, "does not start: %w", err)
	}
	if p.Ready == nil {
		return nil
	}
	for deadline := time.Now().Add(timeout); ; time.Sleep(10 * time.Millisecond) {
		if err = p.Ready(); err == nil {
			return nil
		}
		select {
		case <-ended:
			return touch.Errorf(touch.Unavailable, p.Name, "ended at its start:\n%s", p.logTail())
		default:
		}
		if time.Now().After(deadline) {
			return touch.Errorf(touch.Unavailable, p.Name, "is not ready after %v: %w\n%s", timeout, err, p.logTail())
		}
	}
}

// launch starts the program unless it is running. The channel is closed when
// the process has ended.
func (p *Process) launch() (ended <-chan struct{}, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running() {
		return p.ended, nil
	}
	log, err := os.OpenFile(p.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close() // the child has its own handle
	cmd := exec.Command(p.Args[0], p.Args[1:]...)
	cmd.Env = p.Env
	cmd.Dir = p.Dir
	cmd.Stdout = log
	cmd.Stderr = io.Writer(log)
	cmd.SysProcAttr = childAttributes(p.user)
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	done := make(chan struct{})
	p.cmd = cmd
	p.ended = done
	go func() {
		_ = cmd.Wait() // its log says how it ended
		close(done)
	}()
	return done, nil
}

// logTail returns the end of the log, for an error message.
func (p *Process) logTail() []byte {
	text, _ := os.ReadFile(p.Log) // without it the message is shorter
	return text[max(0, len(text)-2000):]
}

// running is Running for callers that hold the lock.
func (p *Process) running() bool {
	if p.cmd == nil {
		return false
	}
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// Running reports whether the process was started and has not ended.
func (p *Process) Running() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.running()
}

// PID returns the process id, and 0 before the first start.
func (p *Process) PID() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return 0
	}
	return p.cmd.Process.Pid
}

// signal sends a signal, and reports whether it reached a running process. The
// channel is closed when the process has ended.
func (p *Process) signal(s syscall.Signal) (ended <-chan struct{}, sent bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.running() {
		return nil, false
	}
	return p.ended, p.cmd.Process.Signal(s) == nil
}

// Kill sends SIGKILL and waits until the process has ended.
func (p *Process) Kill() {
	if ended, ok := p.signal(syscall.SIGKILL); ok {
		p.mu.Lock()
		p.kills++
		p.mu.Unlock()
		<-ended
	}
}

// Kills returns how often a running process was killed.
func (p *Process) Kills() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.kills
}

// Stop asks the process to end, by a signal. If it has not ended after timeout,
// Stop kills it and returns an error that says so.
func (p *Process) Stop(s syscall.Signal, timeout time.Duration) error {
	p.Thaw()
	ended, ok := p.signal(s)
	if !ok {
		return nil
	}
	t := time.NewTimer(timeout)
	defer t.Stop()
	select {
	case <-ended:
		return nil
	case <-t.C:
		p.Kill()
		return touch.Errorf(touch.Unavailable, p.Name, "did not stop within %v and was killed", timeout)
	}
}

// Freeze suspends the process (SIGSTOP) until Thaw.
func (p *Process) Freeze() { p.signal(syscall.SIGSTOP) }

// Thaw lets a frozen process continue (SIGCONT).
func (p *Process) Thaw() { p.signal(syscall.SIGCONT) }

// String returns the name with the process id.
func (p *Process) String() string {
	if pid := p.PID(); pid != 0 {
		return fmt.Sprintf("%s (%d)", p.Name, pid)
	}
	return p.Name
}
