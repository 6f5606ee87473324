package proxy

import (
	"bufio"
	"net"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// startEcho starts a server that answers each line with prefix and the line.
func startEcho(t *testing.T, prefix string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				for in := bufio.NewScanner(c); in.Scan(); {
					c.Write([]byte(prefix + in.Text() + "\n"))
				}
			}()
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return l.Addr().String()
}

func start(t *testing.T, target string) *Proxy {
	t.Helper()
	p, err := Start("tcp", target, 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

type peer struct {
	net.Conn
	in *bufio.Reader
}

func dial(t *testing.T, p *Proxy) peer {
	t.Helper()
	c, err := net.Dial("tcp", p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return peer{c, bufio.NewReader(c)}
}

// ask sends a line and returns the answer, "" when none comes in time.
func (c peer) ask(line string, wait time.Duration) string {
	c.Write([]byte(line + "\n"))
	return c.readLine(wait)
}

func (c peer) readLine(wait time.Duration) string {
	c.SetReadDeadline(time.Now().Add(wait))
	answer, _ := c.in.ReadString('\n')
	return answer
}

const (
	short = 60 * time.Millisecond
	long  = 5 * time.Second
)

func TestForwardAndDelay(t *testing.T) {
	p := start(t, startEcho(t, "a:"))
	c := dial(t, p)
	if got := c.ask("x", long); got != "a:x\n" {
		t.Fatalf("the answer is %q, want a:x", got)
	}
	p.Delay(Down, 2*short, 0)
	began := time.Now()
	if got := c.ask("y", long); got != "a:y\n" || time.Since(began) < 2*short {
		t.Errorf("the answer is %q after %v, want a:y after at least %v", got, time.Since(began), 2*short)
	}
}

func TestHoldAndHeal(t *testing.T) {
	for name, d := range map[string]Direction{"up": Up, "down": Down, "both": Both} {
		t.Run(name, func(t *testing.T) {
			p := start(t, startEcho(t, "a:"))
			c := dial(t, p)
			c.ask("x", long)
			p.Hold(d)
			if got := c.ask("y", short); got != "" {
				t.Errorf("%q came although the direction is held", got)
			}
			if err := p.Heal(); err != nil {
				t.Fatal(err)
			}
			if got := c.readLine(long); got != "a:y\n" {
				t.Errorf("after healing got %q, want the line that was held", got)
			}
		})
	}
}

func TestHoldNewConnection(t *testing.T) {
	p := start(t, startEcho(t, "a:"))
	p.Hold(Both)
	c := dial(t, p)
	if got := c.ask("x", short); got != "" {
		t.Errorf("got %q through a black hole", got)
	}
}

func TestResetAndCut(t *testing.T) {
	p := start(t, startEcho(t, "a:"))
	c := dial(t, p)
	c.ask("x", long)
	p.Reset()
	if _, err := c.in.ReadByte(); err == nil {
		t.Error("the connection is open after a reset")
	}
	if got := dial(t, p).ask("x", long); got != "a:x\n" {
		t.Errorf("after a reset a new connection got %q", got)
	}
	p.Cut()
	if c, err := net.Dial("tcp", p.Addr()); err == nil {
		c.Close()
		t.Error("a connection was accepted while cut")
	}
	if err := p.Heal(); err != nil {
		t.Fatal(err)
	}
	if got := dial(t, p).ask("x", long); got != "a:x\n" {
		t.Errorf("after healing got %q", got)
	}
}

func TestRetargetKeepsOpenConnections(t *testing.T) {
	p := start(t, startEcho(t, "a:"))
	old := dial(t, p)
	old.ask("x", long)
	p.Retarget("tcp", startEcho(t, "b:"))
	if got := old.ask("x", long); got != "a:x\n" {
		t.Errorf("an open connection was moved: %q", got)
	}
	if got := dial(t, p).ask("x", long); got != "b:x\n" {
		t.Errorf("a new connection got %q", got)
	}
}
