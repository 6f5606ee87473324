package app

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	yaml "go.yaml.in/yaml/v3"
)

// EnvPrefix begins every variable that we read.
const EnvPrefix = "TOUCHGATE_"

// environment sets what TOUCHGATE_ variables say over cfg. A variable's name
// is the key's path in capitals: TOUCHGATE_REDIS_MODE is redis.mode. Lists are
// parted by commas. A provider's own key is
// TOUCHGATE_PROVIDER_<NAME>_<KEY>. With _FILE at the end, the value is read
// from the file. An unknown variable is a fault, since a mistyped one would
// otherwise leave a default in force.
func (l *loader) environment(environ []string, cfg *Config) {
	leaves := map[string]reflect.Value{}
	collectLeaves(reflect.ValueOf(cfg).Elem(), "", leaves)
	environ = slices.Sorted(slices.Values(environ))
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		key, ours := strings.CutPrefix(name, EnvPrefix)
		if !ours || key == "KEY" || key == "URL" { // those two are for commands that ask a gateway
			continue
		}
		if err := setFromEnv(key, value, cfg, leaves); err != nil {
			l.fault(0, name, "%v", err)
		}
		l.env[strings.TrimSuffix(key, "_FILE")] = true
	}
}

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

var errUnknownVariable = fmt.Errorf("there is no such setting (in Kubernetes, set enableServiceLinks: false)")

func collectLeaves(v reflect.Value, path string, leaves map[string]reflect.Value) {
	for _, f := range reflect.VisibleFields(v.Type()) {
		at := join(path, yamlName(f))
		field := v.FieldByIndex(f.Index)
		switch {
		case isSection(f.Type):
			collectLeaves(field, at, leaves)
		case f.Type.Kind() == reflect.Slice && f.Type.Elem().Kind() != reflect.String:
			// a list of sections has no variable
		default:
			leaves[envName(at)] = field
		}
	}
}

// envName is a setting's name in the environment, without the prefix.
func envName(path string) string { return strings.ToUpper(strings.ReplaceAll(path, ".", "_")) }

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

// setProviderKey sets one key of the configuration of the provider whose name
// begins rest.
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
	return fmt.Errorf("no provider's name begins like that")
}

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
