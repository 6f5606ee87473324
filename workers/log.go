package workers

import (
	"context"
	"log/slog"
)

// logStepError returns a function that logs the failed step of a component.
func logStepError(ctx context.Context, log *slog.Logger, component string) func(error) {
	return func(err error) {
		log.LogAttrs(ctx, slog.LevelWarn, "step failed", slog.String("component", component), slog.Any("error", err))
	}
}
