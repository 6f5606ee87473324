package app

import (
	"bytes"
	"encoding"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/go-playground/validator/v10"
	yaml "go.yaml.in/yaml/v3"

	"touchgate.dev/channels"
	"touchgate.dev/channels/adapter"
	"touchgate.dev/touch"
)

// ConfigError is everything that is wrong with a configuration, at once. A
// fault has no line when it is not in the file: it lies in the environment or
// in a default.
type ConfigError struct{ Faults touch.Faults }

// Error lists the faults, a line each.
func (e *ConfigError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "the configuration has %d fault(s):", len(e.Faults))
	for _, f := range e.Faults {
		b.WriteString("\n  " + f.String())
	}
	return b.String()
}

// LoadConfig reads a configuration in steps: the defaults; over them the file
// (none when path is empty), strictly, where any secret may be given as
// <name>_file; over it the TOUCHGATE_ environment; then the check of the whole.
// Every fault of all steps is reported in one *ConfigError. The registry knows
// what an adapter's own part may hold.
func LoadConfig(path string, environ []string, reg channels.Registry) (*Config, error) {
	var data []byte
	if path != "" {
		var err error
		if data, err = os.ReadFile(path); err != nil {
			return nil, usageError("cannot read the configuration: %v", err)
		}
	}
	cfg := DefaultConfig()
	l := &loader{path: path, registry: reg, lines: map[string]int{}, env: map[string]bool{}}
	l.file(data, &cfg)
	l.environment(environ, &cfg)
	l.check(&cfg)
	if len(l.faults) > 0 {
		slices.SortStableFunc(l.faults, func(a, b touch.Fault) int { return a.Line - b.Line })
		return nil, &ConfigError{Faults: l.faults}
	}
	return &cfg, nil
}

type loader struct {
	path     string // of the file
	registry channels.Registry
	faults   touch.Faults
	lines    map[string]int  // path -> line of the file
	env      map[string]bool // the settings that the environment gave, by their name there
}

func (l *loader) fault(line int, path, format string, args ...any) {
	f := touch.Fault{Line: line, Field: path, Message: fmt.Sprintf(format, args...)}
	if line > 0 {
		f.File = l.path
	}
	l.faults = append(l.faults, f)
}

// faultAt words a fault of a setting, where it was set: in the environment, on
// its line of the file, or on the line of the section in which it is missing.
func (l *loader) faultAt(path, format string, args ...any) {
	name := envName(path)
	if l.env[name] {
		l.fault(0, EnvPrefix+name, format, args...)
		return
	}
	line, at := 0, path
	for line == 0 && at != "" {
		line = l.lines[at]
		at = at[:max(0, strings.LastIndexAny(at, ".["))]
	}
	l.fault(line, path, format, args...)
}

var typeErrorLine = regexp.MustCompile(`^line (\d+): (.*)$`)

// file decodes data over cfg. The walk before it finds unknown keys and reads
// secrets' files, which the decoder cannot do on a tree.
func (l *loader) file(data []byte, cfg *Config) {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc yaml.Node
	if err := dec.Decode(&doc); err != nil {
		if !errors.Is(err, io.EOF) {
			l.yamlError(err)
		}
		return
	}
	if err := dec.Decode(&yaml.Node{}); !errors.Is(err, io.EOF) {
		l.fault(0, "", "the file holds more than one YAML document")
	}
	if doc.Content[0].Kind != yaml.MappingNode {
		l.fault(doc.Content[0].Line, "", "the file is not a list of keys and values")
		return
	}
	l.walk(doc.Content[0], reflect.TypeFor[Config](), "")
	l.providerSecrets(doc.Content[0])
	if err := doc.Decode(cfg); err != nil {
		l.yamlError(err)
	}
}

func (l *loader) yamlError(err error) {
	messages := []string{strings.TrimPrefix(err.Error(), "yaml: ")}
	var te *yaml.TypeError
	if errors.As(err, &te) {
		messages = te.Errors
	}
	for _, m := range messages {
		line := 0
		if parts := typeErrorLine.FindStringSubmatch(m); parts != nil {
			line, _ = strconv.Atoi(parts[1])
			m = parts[2]
		}
		l.fault(line, "", "%s", m)
	}
}

// walk compares a tree with the type it will be decoded into.
func (l *loader) walk(n *yaml.Node, t reflect.Type, path string) {
	l.lines[path] = n.Line
	if t.Kind() == reflect.Slice && n.Kind == yaml.SequenceNode {
		for i, item := range n.Content {
			l.walk(item, t.Elem(), fmt.Sprintf("%s[%d]", path, i))
		}
		return
	}
	if !isSection(t) || n.Kind != yaml.MappingNode {
		return
	}
	fields := fieldsOf(t)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		at := join(path, key.Value)
		if f, ok := fields[key.Value]; ok {
			l.lines[at] = key.Line
			l.walk(value, f.Type, at)
			l.lines[at] = key.Line
			continue
		}
		base, isFile := strings.CutSuffix(key.Value, "_file")
		if f, ok := fields[base]; isFile && ok && f.Type == reflect.TypeFor[adapter.Secret]() {
			l.lines[join(path, base)] = key.Line
			key.Value = base
			l.readFile(value, at)
			continue
		}
		l.fault(key.Line, at, "there is no such key%s", hint(key.Value, fields))
	}
}

// providerSecrets reads <key>_file in the adapters' own parts, where the
// adapter knows <key> as text and has no <key>_file of its own.
func (l *loader) providerSecrets(top *yaml.Node) {
	list := valueOf(top, "providers")
	if list == nil || list.Kind != yaml.SequenceNode {
		return
	}
	for i, p := range list.Content {
		name, own := valueOf(p, "adapter"), valueOf(p, "config")
		if name == nil || own == nil || own.Kind != yaml.MappingNode {
			continue
		}
		f, ok := l.registry.Factory(name.Value)
		if !ok {
			continue // reported when the pool is opened
		}
		fields := fieldsOf(reflect.TypeOf(f.Config()).Elem())
		for k := 0; k+1 < len(own.Content); k += 2 {
			key := own.Content[k]
			base, isFile := strings.CutSuffix(key.Value, "_file")
			_, taken := fields[key.Value]
			if field, ok := fields[base]; isFile && !taken && ok && field.Type.Kind() == reflect.String {
				l.readFile(own.Content[k+1], fmt.Sprintf("providers[%d].config.%s", i, key.Value))
				key.Value = base
			}
		}
	}
}

// valueOf finds a key's value in a mapping; nil where there is none.
func valueOf(n *yaml.Node, key string) *yaml.Node {
	if n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

// readFile replaces a file's path by its content.
func (l *loader) readFile(value *yaml.Node, path string) {
	content, err := secretFromFile(value.Value)
	if err != nil {
		l.fault(value.Line, path, "%v", err)
	}
	value.SetString(content)
}

func secretFromFile(path string) (string, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("cannot read the secret's file: %w", err)
	}
	return strings.TrimRight(string(b), "\r\n"), nil
}

// isSection reports whether t is one of our own nested structs, and not a
// value with a text form of its own or a tree that somebody else reads.
func isSection(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && t != reflect.TypeFor[yaml.Node]() &&
		!reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

func fieldsOf(t reflect.Type) map[string]reflect.StructField {
	fields := map[string]reflect.StructField{}
	for _, f := range reflect.VisibleFields(t) {
		if name := yamlName(f); f.IsExported() && name != "" && name != "-" {
			fields[name] = f
		}
	}
	return fields
}

// yamlName is the key of a field, as the decoder sees it.
func yamlName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
	if name == "" {
		return strings.ToLower(f.Name)
	}
	return name
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// hint names the keys that were possible.
func hint(key string, fields map[string]reflect.StructField) string {
	var names []string
	for name := range fields {
		if strings.HasPrefix(name, key) || strings.HasPrefix(key, name) ||
			(len(key) > 2 && strings.HasPrefix(name, key[:2])) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		for name := range fields {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return "; perhaps " + strings.Join(names, ", ")
}

// check validates the whole.
func (l *loader) check(cfg *Config) {
	v := validator.New(validator.WithRequiredStructEnabled())
	v.RegisterTagNameFunc(yamlName)
	var invalid validator.ValidationErrors
	if err := v.Struct(cfg); errors.As(err, &invalid) {
		for _, f := range invalid {
			_, path, _ := strings.Cut(f.Namespace(), ".")
			l.faultAt(path, "%s", explain(f))
		}
	} else if err != nil {
		l.fault(0, "", "%v", err)
	}
	if cfg.Role != RoleAll {
		if cfg.Ledger.Driver == "sqlite" {
			l.faultAt("role", "%s needs ledger.driver postgres: SQLite serves one process", cfg.Role)
		}
		if cfg.Redis.Mode == "embedded" {
			l.faultAt("role", "%s needs a Redis of its own (redis.mode single or cluster): the embedded one serves one process", cfg.Role)
		}
	}
	if cfg.Redis.Mode == "single" && len(cfg.Redis.Addresses) > 1 {
		l.faultAt("redis.addresses", "mode single has one address")
	}
	if cfg.Ledger.Driver == "sqlite" && cfg.Ledger.Path == "" && cfg.Data == "" {
		l.faultAt("data", "sqlite needs ledger.path or a data folder")
	}
	if r := cfg.Retention; r.Journal != 0 && (r.Touches == 0 || r.Journal < r.Touches) {
		l.faultAt("retention.journal", "must be at least as long as retention.touches: a touch needs its history")
	}
	l.providers(cfg)
}

// providers has the registry check the adapters' parts.
func (l *loader) providers(cfg *Config) {
	_, err := l.registry.Open(cfg.Providers, adapter.Options{}, channels.Options{})
	faults := []error{err}
	var several interface{ Unwrap() []error }
	if errors.As(err, &several) {
		faults = several.Unwrap()
	}
	for _, err := range faults {
		var e *touch.Error
		switch {
		case errors.As(err, &e):
			l.faultAt(e.Field, "%s", e.Message)
		case err != nil:
			l.fault(0, "providers", "%v", err)
		}
	}
}

// explain says in words what a validation tag asks for.
func explain(f validator.FieldError) string {
	switch f.Tag() {
	case "required", "required_if", "required_unless":
		return "is missing"
	case "oneof":
		return fmt.Sprintf("%q is not one of: %s", f.Value(), strings.ReplaceAll(f.Param(), " ", ", "))
	case "hostname_port":
		return fmt.Sprintf("%q is not host:port", f.Value())
	case "http_url":
		return "is not an http or https address"
	case "dir":
		return fmt.Sprintf("%q is not a folder", f.Value())
	case "min":
		return "is below the least allowed, " + bound(f)
	case "max":
		return "is above the most allowed, " + bound(f)
	}
	return "does not satisfy " + f.Tag()
}

func bound(f validator.FieldError) string {
	n, err := strconv.ParseInt(f.Param(), 10, 64)
	if err != nil {
		return f.Param()
	}
	switch f.Value().(type) {
	case touch.Duration:
		return touch.Duration(n).String()
	case adapter.Secret:
		return f.Param() + " characters"
	}
	return f.Param()
}
