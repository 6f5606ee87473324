package workers

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"

	"touchgate.dev/ledger"
)

// A log line of delivery names the component "deliverer". The fallback delivers
// in the same way, but its own steps name it once, as "fallback".
func TestLogComponents(t *testing.T) {
	var log bytes.Buffer
	d := &Deliverer{services: newServices(Options{
		Ledger: &ledger.Ledger{},
		Logger: slog.New(slog.NewTextHandler(&log, nil)),
	})}
	f := NewFallback(d, nil, nil)

	for _, c := range []struct {
		name string
		log  func()
		want string
	}{
		{"delivery", func() { d.log.Info("attempt") }, "component=deliverer"},
		{"delivery by the fallback", func() { f.deliverer.log.Info("attempt") }, "component=deliverer"},
		{"step of the fallback", func() { logStepError(context.Background(), f.processLog, "fallback")(context.Canceled) }, "component=fallback"},
	} {
		log.Reset()
		c.log()
		if line := log.String(); !strings.Contains(line, c.want) || strings.Count(line, "component=") != 1 {
			t.Errorf("%s: the log line is %q, want %s once", c.name, line, c.want)
		}
	}
}
