package app

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	yaml "go.yaml.in/yaml/v3"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/internal/strictyaml"
	"touchgate.dev/touch"
)

// readFile decodes data over cfg. It holds the tree against the type of Config
// first, because the decoder finds unknown keys only in a text, and the files of
// secrets must be read into the tree.
func (l *loader) readFile(data []byte, cfg *Config) {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var document yaml.Node
	if err := decoder.Decode(&document); err != nil {
		if !errors.Is(err, io.EOF) {
			l.decodeError(err)
		}
		return
	}
	if err := decoder.Decode(&yaml.Node{}); !errors.Is(err, io.EOF) {
		l.fault(0, "", "the file holds more than one YAML document")
	}
	top := document.Content[0]
	if top.Kind != yaml.MappingNode {
		l.fault(top.Line, "", "the file is not a list of keys and values")
		return
	}

	walk := strictyaml.Walk{
		OnPath: func(path string, line int) { l.lines[path] = line },
		Accept: l.acceptSecretFile,
	}
	walk.Check("", top, reflect.TypeFor[Config]())
	for _, f := range walk.Faults {
		f.File = l.path
		l.faults = append(l.faults, f)
	}
	l.readProviderSecrets(top)
	if err := document.Decode(cfg); err != nil {
		l.decodeError(err)
	}
}

var typeErrorLine = regexp.MustCompile(`^line (\d+): (.*)$`)

// decodeError adds what the decoder found, except for lines that have a fault
// already: the walk finds wrong types, too, and knows their paths.
func (l *loader) decodeError(err error) {
	messages := []string{strings.TrimPrefix(err.Error(), "yaml: ")}
	var types *yaml.TypeError
	if errors.As(err, &types) {
		messages = types.Errors
	}
	for _, message := range messages {
		line := 0
		if parts := typeErrorLine.FindStringSubmatch(message); parts != nil {
			line, _ = strconv.Atoi(parts[1])
			message = parts[2]
		}
		known := func(f touch.Fault) bool { return line == 0 || f.Line == line }
		if !slices.ContainsFunc(l.faults, known) {
			l.fault(line, "", "%s", message)
		}
	}
}

// acceptSecretFile accepts <key>_file for a secret, reads the file, and makes
// the node the secret's.
func (l *loader) acceptSecretFile(path string, key, value *yaml.Node, keys map[string]reflect.Type) bool {
	base, isFile := strings.CutSuffix(key.Value, "_file")
	if !isFile || keys[base] != reflect.TypeFor[adapter.Secret]() {
		return false
	}
	l.lines[strings.TrimSuffix(path, "_file")] = key.Line
	key.Value = base
	l.readSecret(value, path)
	return true
}

// readProviderSecrets reads <key>_file in the adapters' settings, if the adapter
// has a text <key> and no <key>_file.
func (l *loader) readProviderSecrets(top *yaml.Node) {
	list := valueOf(top, "providers")
	if list == nil || list.Kind != yaml.SequenceNode {
		return
	}
	for i, provider := range list.Content {
		name := valueOf(provider, "adapter")
		settings := valueOf(provider, "config")
		if name == nil || settings == nil || settings.Kind != yaml.MappingNode {
			continue
		}
		factory, ok := l.registry.Factory(name.Value)
		if !ok {
			continue // the check of the providers reports it
		}
		keys := strictyaml.Keys(reflect.TypeOf(factory.Config()).Elem())
		for k := 0; k+1 < len(settings.Content); k += 2 {
			key := settings.Content[k]
			if _, own := keys[key.Value]; own {
				continue
			}
			base, isFile := strings.CutSuffix(key.Value, "_file")
			if t, known := keys[base]; isFile && known && t.Kind() == reflect.String {
				l.readSecret(settings.Content[k+1], fmt.Sprintf("providers[%d].config.%s", i, key.Value))
				key.Value = base
			}
		}
	}
}

// readSecret replaces a file's path by its content.
func (l *loader) readSecret(value *yaml.Node, path string) {
	content, err := secretFromFile(value.Value)
	if err != nil {
		l.fault(value.Line, path, "%v", err)
	}
	value.SetString(content)
}

// valueOf returns the value of a mapping's key; nil if there is none.
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
