package queue

import (
	"fmt"
	"log/slog"
)

// quiet gives Asynq's own words to slog, a level lower than it says them: what
// it calls an error it repairs by itself or the reconciler does.
type quiet struct{ to *slog.Logger }

func (q quiet) Debug(args ...any) {}
func (q quiet) Info(args ...any)  { q.to.Debug("asynq: " + fmt.Sprint(args...)) }
func (q quiet) Warn(args ...any)  { q.to.Info("asynq: " + fmt.Sprint(args...)) }
func (q quiet) Error(args ...any) { q.to.Warn("asynq: " + fmt.Sprint(args...)) }
func (q quiet) Fatal(args ...any) { q.to.Error("asynq: " + fmt.Sprint(args...)) }
