package app

import (
	"io"
	"log/slog"
)

// newLogger makes the log that the configuration asks for. The check of the
// configuration has refused unknown levels.
func newLogger(cfg LogConfig, w io.Writer) *slog.Logger {
	var level slog.Level
	if level.UnmarshalText([]byte(cfg.Level)) != nil {
		level = slog.LevelInfo
	}
	o := &slog.HandlerOptions{Level: level}
	if cfg.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}
