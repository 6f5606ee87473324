package app

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	yaml "go.yaml.in/yaml/v3"

	"touchgate.dev/internal/strictyaml"
)

// EnvPrefix begins the name of every environment variable that we read.
const EnvPrefix = "TOUCHGATE_"

// commandVariables are read by commands that call a gateway; they are no settings.
var commandVariables = []string{"KEY", "URL"}

// readEnvironment sets what TOUCHGATE_ variables say over cfg. A variable's name
// is the path of the key in capitals: TOUCHGATE_REDIS_MODE is redis.mode. Lists
// are separated by commas. A setting of a provider's adapter is
// TOUCHGATE_PROVIDER_<NAME>_<KEY>. If the name ends in _FILE the value is read
// from that file. An unknown variable is a fault: a mistyped one would otherwise
// leave a default in force.
func (l *loader) readEnvironment(environ []string, cfg *Config) {
	leaves := map[string]reflect.Value{}
	addLeaves(leaves, reflect.ValueOf(cfg).Elem(), "")
	for _, pair := range slices.Sorted(slices.Values(environ)) {
		name, value, _ := strings.Cut(pair, "=")
		key, ours := strings.CutPrefix(name, EnvPrefix)
		if !ours || slices.Contains(commandVariables, key) {
			continue
		}
		if err := setFromEnv(key, value, cfg, leaves); err != nil {
			l.fault(0, name, "%v", err)
		}
		l.env[strings.TrimSuffix(key, "_FILE")] = true
	}
}

var errUnknownVariable = errors.New("there is no such setting (in Kubernetes, set enableServiceLinks: false)")

// setFromEnv sets the setting that a variable names.
func setFromEnv(key, value string, cfg *Config, leaves map[string]reflect.Value) error {
	target, known := leaves[key]
	provider, isProvider := strings.CutPrefix(key, "PROVIDER_")
	if base, isFile := strings.CutSuffix(key, "_FILE"); !known && isFile {
		target, known = leaves[base]
		provider = strings.TrimSuffix(provider, "_FILE")
		if !known && !isProvider {
			return errUnknownVariable
		}
		var err error
		if value, err = secretFromFile(value); err != nil {
			return err
		}
	}
	switch {
	case known:
		return setLeaf(target, value)
	case isProvider:
		return setProviderKey(provider, value, cfg)
	}
	return errUnknownVariable
}

// addLeaves collects the settings that are no sections, by their names in the
// environment. Lists of sections have no variable.
func addLeaves(leaves map[string]reflect.Value, v reflect.Value, path string) {
	for _, f := range reflect.VisibleFields(v.Type()) {
		at := strictyaml.Join(path, strictyaml.Key(f))
		field := v.FieldByIndex(f.Index)
		switch {
		case strictyaml.IsSection(f.Type):
			addLeaves(leaves, field, at)
		case f.Type.Kind() == reflect.Slice && f.Type.Elem().Kind() != reflect.String:
		default:
			leaves[envName(at)] = field
		}
	}
}

// envName returns a setting's name in the environment, without the prefix.
func envName(path string) string { return strings.ToUpper(strings.ReplaceAll(path, ".", "_")) }

// setLeaf reads a value as YAML does, except for texts and lists of texts.
func setLeaf(target reflect.Value, value string) error {
	switch target.Kind() {
	case reflect.String:
		target.SetString(value)
		return nil
	case reflect.Slice:
		var items []string
		for item := range strings.SplitSeq(value, ",") {
			if item = strings.TrimSpace(item); item != "" {
				items = append(items, item)
			}
		}
		target.Set(reflect.ValueOf(items))
		return nil
	}
	if err := yaml.Unmarshal([]byte(value), target.Addr().Interface()); err != nil {
		return fmt.Errorf("is not a %s", strings.TrimPrefix(target.Type().String(), "touch."))
	}
	return nil
}

var notInEnvName = regexp.MustCompile(`[^A-Z0-9]+`)

// setProviderKey sets one setting of the provider whose name begins rest: for
// example, SMS_A_URL is "url" of the provider "sms-a".
func setProviderKey(rest, value string, cfg *Config) error {
	for i := range cfg.Providers {
		p := &cfg.Providers[i]
		prefix := notInEnvName.ReplaceAllString(strings.ToUpper(p.Name), "_") + "_"
		key, ok := strings.CutPrefix(rest, prefix)
		if !ok {
			continue
		}
		if p.Config.Kind == 0 {
			p.Config = yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
		}
		setNodeKey(&p.Config, strings.ToLower(key), value)
		return nil
	}
	return errors.New("no provider's name begins like that")
}

// setNodeKey replaces or adds a key of a mapping.
func setNodeKey(mapping *yaml.Node, key, value string) {
	scalar := &yaml.Node{Kind: yaml.ScalarNode, Value: value}
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			mapping.Content[i+1] = scalar
			return
		}
	}
	mapping.Content = append(mapping.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: key, Tag: "!!str"}, scalar)
}
