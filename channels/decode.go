package channels

import (
	"fmt"
	"reflect"

	"go.yaml.in/yaml/v3"

	"touchgate.dev/internal/strictyaml"
	"touchgate.dev/touch"
)

// decode reads an adapter's configuration over the defaults in into, a pointer
// to a struct. It returns all faults: keys that the adapter doesn't know, values
// of a wrong type, and values that validate tags forbid. Faults of the YAML text
// have their lines.
func decode(at string, node *yaml.Node, into any) []error {
	if node.Kind != 0 {
		walk := strictyaml.Walk{Accept: acceptMerge}
		walk.Check(at, node, reflect.TypeOf(into))
		if len(walk.Faults) > 0 {
			return withLines(walk.Faults)
		}
		if err := node.Decode(into); err != nil {
			return []error{touch.Errorf(touch.Invalid, at, "line %d: %s", node.Line, strictyaml.Misfit(err))}
		}
	}
	return check(at, into)
}

// acceptMerge accepts YAML's key for merging another mapping.
func acceptMerge(_ string, key, _ *yaml.Node, _ map[string]reflect.Type) bool {
	return key.Value == "<<"
}

// check holds v, a pointer to a struct, against its validate tags.
func check(at string, v any) []error {
	var errs []error
	for _, f := range strictyaml.Validate(v) {
		class := touch.Invalid
		if f.Class != "" {
			class = f.Class
		}
		errs = append(errs, touch.Errorf(class, strictyaml.Join(at, f.Field), "%s", f.Message))
	}
	return errs
}

// withLines turns faults into errors that name their lines.
func withLines(faults touch.Faults) []error {
	var errs []error
	for _, f := range faults {
		message := fmt.Sprintf("line %d: %s", f.Line, f.Message)
		if f.Hint != "" {
			message += " (" + f.Hint + ")"
		}
		errs = append(errs, touch.Errorf(touch.Invalid, f.Field, "%s", message))
	}
	return errs
}
