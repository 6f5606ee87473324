package queue

import (
	"fmt"
	"log/slog"
)

// asynqLog passes Asynq's messages on, one level lower: what Asynq calls an
// error it repairs by itself, or the reconciler does.
type asynqLog struct{ log *slog.Logger }

func (l asynqLog) Debug(args ...any) {}
func (l asynqLog) Info(args ...any)  { l.log.Debug("asynq: " + fmt.Sprint(args...)) }
func (l asynqLog) Warn(args ...any)  { l.log.Info("asynq: " + fmt.Sprint(args...)) }
func (l asynqLog) Error(args ...any) { l.log.Warn("asynq: " + fmt.Sprint(args...)) }
func (l asynqLog) Fatal(args ...any) { l.log.Error("asynq: " + fmt.Sprint(args...)) }
