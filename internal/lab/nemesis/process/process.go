// SPDX-License-Identifier: Apache-2.0

// Package process starts, stops, kills and freezes the processes of a nemesis
// run: those of Touchgate itself, and a redis-server and a PostgreSQL of its
// own in a folder of its own. It never touches a process that it did not
// start, and none outlives the one that started it.
package process

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

// Process is a program that can be started again and again. It is safe for
// concurrent use.
type Process struct {
	Name string
	Args []string // Args[0] is the program
	Env  []string
	Dir  string
	Log  string // its output is appended to this file
	// User and Group run it as somebody else, where set.
	User, Group uint32
	// Ready, when set, is asked until it says nil after a start.
	Ready func() error

	mu     sync.Mutex
	cmd    *exec.Cmd
	ended  chan struct{}
	frozen bool
	kills  int
}

// Start starts the program, unless it runs, and waits until it is ready.
func (p *Process) Start(within time.Duration) error {
	ended, err := p.launch()
	if err != nil {
		return touch.Errorf(touch.Unavailable, p.Name, "does not start: %w", err)
	}
	if p.Ready == nil {
		return nil
	}
	for deadline := time.Now().Add(within); ; time.Sleep(20 * time.Millisecond) {
		if err = p.Ready(); err == nil {
			return nil
		}
		select {
		case <-ended:
			return touch.Errorf(touch.Unavailable, p.Name, "ended at its start; see %s", p.Log)
		default:
		}
		if time.Now().After(deadline) {
			return touch.Errorf(touch.Unavailable, p.Name, "is not ready after %v: %w", within, err)
		}
	}
}

func (p *Process) launch() (<-chan struct{}, error) {
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
	cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr = p.Env, p.Dir, log, io.Writer(log)
	// A group of its own: the terminal's signals are ours, not its.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if p.User != 0 {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: p.User, Gid: p.Group}
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	ended := make(chan struct{})
	p.cmd, p.ended, p.frozen = cmd, ended, false
	go func() {
		_ = cmd.Wait() // how it ended is in its log
		close(ended)
	}()
	return ended, nil
}

// running must be called under the lock.
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

// Running reports whether it has been started and has not ended.
func (p *Process) Running() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.running()
}

func (p *Process) signal(s syscall.Signal) (<-chan struct{}, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.running() {
		return nil, false
	}
	return p.ended, p.cmd.Process.Signal(s) == nil
}

// Kill is kill -9, and waits until it is gone.
func (p *Process) Kill() {
	if ended, ok := p.signal(syscall.SIGKILL); ok {
		p.mu.Lock()
		p.kills++
		p.mu.Unlock()
		<-ended
	}
}

// Kills is how often it was killed.
func (p *Process) Kills() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.kills
}

// Stop asks it to end by a signal, and kills it when it takes too long; the
// error then says so.
func (p *Process) Stop(by syscall.Signal, within time.Duration) error {
	p.Thaw()
	ended, ok := p.signal(by)
	if !ok {
		return nil
	}
	t := time.NewTimer(within)
	defer t.Stop()
	select {
	case <-ended:
		return nil
	case <-t.C:
		p.Kill()
		return touch.Errorf(touch.Unavailable, p.Name, "did not stop within %v and was killed", within)
	}
}

// Freeze stands it still (SIGSTOP) until Thaw.
func (p *Process) Freeze() { p.stand(true, syscall.SIGSTOP) }

// Thaw lets it go on.
func (p *Process) Thaw() { p.stand(false, syscall.SIGCONT) }

func (p *Process) stand(still bool, by syscall.Signal) {
	if _, ok := p.signal(by); ok {
		p.mu.Lock()
		p.frozen = still
		p.mu.Unlock()
	}
}

// String names it with its process id.
func (p *Process) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil || p.cmd.Process == nil {
		return p.Name
	}
	return fmt.Sprintf("%s (%d)", p.Name, p.cmd.Process.Pid)
}
