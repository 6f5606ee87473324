package strictyaml

import (
	"reflect"
	"strings"
)

// Keys returns the YAML keys of a struct with the types of their values. The
// keys of inlined structs are among them.
func Keys(t reflect.Type) map[string]reflect.Type {
	keys := map[string]reflect.Type{}
	addKeys(keys, t)
	return keys
}

func addKeys(keys map[string]reflect.Type, t reflect.Type) {
	for f := range t.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		switch {
		case strings.Contains(options, "inline"):
			addKeys(keys, f.Type)
		case name != "-" && f.IsExported():
			keys[Key(f)] = f.Type
		}
	}
}

// Key returns the YAML key of a struct's field, as the decoder sees it.
func Key(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
	if name == "" {
		return strings.ToLower(f.Name)
	}
	return name
}
