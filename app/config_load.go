package app

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"touchgate.dev/channels"
	"touchgate.dev/touch"
)

// ConfigError is everything that is wrong with a configuration, at once. A
// fault has no line if it is not in the file, but in the environment or in a
// default.
type ConfigError struct{ Faults touch.Faults }

// Error lists the faults, each on a line of its own.
func (e *ConfigError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "the configuration has %d fault(s):", len(e.Faults))
	for _, f := range e.Faults {
		b.WriteString("\n  " + f.String())
	}
	return b.String()
}

// LoadConfig reads a configuration in four steps: the defaults; over them the
// file (none if path is empty), in which any secret may be given as <name>_file;
// over it the TOUCHGATE_ variables of environ; then the check of the whole. All
// faults of all steps are in one *ConfigError. A file that cannot be read is a
// *UsageError. The registry knows the settings of each adapter.
func LoadConfig(path string, environ []string, reg channels.Registry) (*Config, error) {
	var data []byte
	if path != "" {
		var err error
		if data, err = os.ReadFile(path); err != nil {
			return nil, UsageErrorf("cannot read the configuration: %v", err)
		}
	}
	cfg := DefaultConfig()
	l := &loader{path: path, registry: reg, lines: map[string]int{}, env: map[string]bool{}}
	if path != "" && checkNotWritable(path) != nil {
		l.faults = append(l.faults, touch.Fault{File: path, Message: errOthersWrite.Error()})
	}
	l.readFile(data, &cfg)
	l.readEnvironment(environ, &cfg)
	l.check(&cfg)
	if len(l.faults) > 0 {
		slices.SortStableFunc(l.faults, func(a, b touch.Fault) int { return a.Line - b.Line })
		return nil, &ConfigError{Faults: l.faults}
	}
	return &cfg, nil
}

// loader collects the faults of all steps, and remembers where each setting was
// given.
type loader struct {
	path     string // of the file
	registry channels.Registry
	faults   touch.Faults
	lines    map[string]int  // line in the file, by path
	env      map[string]bool // settings that the environment gave, by their name there
}

// fault adds a fault on a line of the file, or outside of it if line is 0.
func (l *loader) fault(line int, path, format string, args ...any) {
	f := touch.Fault{Line: line, Field: path, Message: fmt.Sprintf(format, args...)}
	if line > 0 {
		f.File = l.path
	}
	l.faults = append(l.faults, f)
}

// faultAt adds a fault of a setting where the setting was given: the variable,
// or the line of the file. If it is missing it is the line of its section.
func (l *loader) faultAt(path, format string, args ...any) {
	name := envName(path)
	if l.env[name] {
		l.fault(0, EnvPrefix+name, format, args...)
		return
	}
	line := 0
	for at := path; line == 0 && at != ""; {
		line = l.lines[at]
		at = at[:max(0, strings.LastIndexAny(at, ".["))]
	}
	l.fault(line, path, format, args...)
}

// secretFromFile reads a secret, without the line end that editors append.
func secretFromFile(path string) (string, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("cannot read the secret's file: %w", err)
	}
	if err := checkNotWritable(path); err != nil {
		return "", err
	}
	return strings.TrimRight(string(b), "\r\n"), nil
}

// severalErrors returns the parts of a joined error, or the error alone.
func severalErrors(err error) []error {
	var joined interface{ Unwrap() []error }
	if errors.As(err, &joined) {
		return joined.Unwrap()
	}
	return []error{err}
}
