package adapter

import "log/slog"

// Secret is a key or a password in a configuration. Every way to print, log or
// marshal it writes "[secret]" instead of its value. Only Reveal returns the
// value.
type Secret string

const hidden = "[secret]"

// Reveal returns the value. Do not log it.
func (s Secret) Reveal() string { return string(s) }

// String implements fmt.Stringer. It returns "[secret]".
func (s Secret) String() string { return hidden }

// GoString implements fmt.GoStringer. It returns "[secret]".
func (s Secret) GoString() string { return hidden }

// LogValue implements slog.LogValuer. It returns "[secret]".
func (s Secret) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText implements encoding.TextMarshaler. It returns "[secret]".
func (s Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }
