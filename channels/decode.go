package channels

import (
	"encoding"
	"errors"
	"reflect"
	"strconv"
	"strings"

	"github.com/go-playground/validator/v10"
	"go.yaml.in/yaml/v3"

	"touchgate.dev/touch"
)

// decode reads an adapter's configuration over the defaults in into, strictly:
// a key that the adapter does not know, a value of the wrong type and a value
// that its validate tags forbid are all reported, with their lines.
func decode(at string, node *yaml.Node, into any) []error {
	var faults []error
	if node.Kind != 0 {
		faults = unknownKeys(at, node, reflect.TypeOf(into))
		if err := node.Decode(into); err != nil {
			faults = append(faults, typeFaults(at, err)...)
		}
	}
	if len(faults) > 0 {
		return faults
	}
	return check(at, into)
}

// check runs the validate tags of v, a pointer to a struct.
func check(at string, v any) []error {
	validate := validator.New(validator.WithRequiredStructEnabled())
	validate.RegisterTagNameFunc(yamlName)
	var faults []error
	var found validator.ValidationErrors
	if err := validate.Struct(v); errors.As(err, &found) {
		for _, f := range found {
			_, field, _ := strings.Cut(f.Namespace(), ".")
			faults = append(faults, touch.Errorf(touch.Invalid, at+"."+field, "must be %s", rule(f)))
		}
	} else if err != nil {
		faults = append(faults, touch.Errorf(touch.Internal, at, "cannot be checked: %w", err))
	}
	return faults
}

// rule words a broken rule; it never quotes the value, which may be a secret.
func rule(f validator.FieldError) string {
	switch f.Tag() {
	case "required":
		return "given"
	case "min":
		return "at least " + f.Param()
	case "max":
		return "at most " + f.Param()
	case "oneof":
		return "one of " + f.Param()
	case "http_url", "url":
		return "an http or https address"
	}
	return strings.TrimSpace("valid: " + f.Tag() + " " + f.Param())
}

// typeFaults words what the decoder says, without the values that it quotes.
func typeFaults(at string, err error) []error {
	var found *yaml.TypeError
	if !errors.As(err, &found) {
		return []error{touch.Errorf(touch.Invalid, at, "%s", unquoted(err.Error()))}
	}
	var faults []error
	for _, text := range found.Errors {
		faults = append(faults, touch.Errorf(touch.Invalid, at, "%s", unquoted(text)))
	}
	return faults
}

// unquoted cuts what stands between the first and the last quote out of s.
func unquoted(s string) string {
	from, to := strings.IndexAny(s, "`\""), strings.LastIndexAny(s, "`\"")
	if from < 0 || from == to {
		return s
	}
	return s[:from] + "…" + s[to+1:]
}

// unknownKeys finds keys that the struct t, and those within it, do not have.
// The decoder's own strictness works on whole documents only.
func unknownKeys(at string, node *yaml.Node, t reflect.Type) (faults []error) {
	for node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == reflect.TypeFor[yaml.Node]() || readsItself(t) {
		return nil
	}
	switch {
	case node.Kind == yaml.MappingNode && t.Kind() == reflect.Struct:
		fields := map[string]reflect.Type{}
		gather(fields, t)
		for i := 0; i+1 < len(node.Content); i += 2 {
			key := node.Content[i]
			if ft, ok := fields[key.Value]; ok {
				faults = append(faults, unknownKeys(at+"."+key.Value, node.Content[i+1], ft)...)
			} else if key.Value != "<<" {
				faults = append(faults, touch.Errorf(touch.Invalid, at+"."+key.Value, "line %d: there is no such key", key.Line))
			}
		}
	case node.Kind == yaml.MappingNode && t.Kind() == reflect.Map:
		for i := 0; i+1 < len(node.Content); i += 2 {
			faults = append(faults, unknownKeys(at+"."+node.Content[i].Value, node.Content[i+1], t.Elem())...)
		}
	case node.Kind == yaml.SequenceNode && (t.Kind() == reflect.Slice || t.Kind() == reflect.Array):
		for i, item := range node.Content {
			faults = append(faults, unknownKeys(at+"["+strconv.Itoa(i)+"]", item, t.Elem())...)
		}
	}
	return faults
}

func readsItself(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(reflect.TypeFor[yaml.Unmarshaler]()) || p.Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

// gather lists a struct's keys, those of inlined structs among them.
func gather(fields map[string]reflect.Type, t reflect.Type) {
	for f := range t.Fields() {
		name, rest, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		switch {
		case strings.Contains(rest, "inline"):
			gather(fields, f.Type)
		case name != "-" && f.IsExported():
			fields[yamlName(f)] = f.Type
		}
	}
}

func yamlName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
	return either(name, strings.ToLower(f.Name))
}
