package channels

import (
	"encoding"
	"errors"
	"fmt"
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
	if node.Kind != 0 {
		if faults := typeFaults(at, node, reflect.TypeOf(into)); len(faults) > 0 {
			return faults
		}
		if err := node.Decode(into); err != nil {
			return []error{typeFault(at, node, err)}
		}
	}
	return check(at, into)
}

// check runs the validate tags of v, a pointer to a struct.
func check(at string, v any) []error {
	validate := validator.New(validator.WithRequiredStructEnabled())
	validate.RegisterTagNameFunc(yamlName)
	if err := validate.RegisterValidation("channel", isChannel); err != nil {
		return []error{touch.Errorf(touch.Internal, at, "cannot be checked: %w", err)}
	}
	var faults []error
	var found validator.ValidationErrors
	if err := validate.Struct(v); errors.As(err, &found) {
		for _, f := range found {
			_, field, _ := strings.Cut(f.Namespace(), ".")
			faults = append(faults, touch.Errorf(touch.Invalid, at+"."+field, "must be %s", describeRule(f)))
		}
	} else if err != nil {
		faults = append(faults, touch.Errorf(touch.Internal, at, "cannot be checked: %w", err))
	}
	return faults
}

// isChannel holds a name against the table in touch.
func isChannel(f validator.FieldLevel) bool { return touch.Channel(f.Field().String()).Valid() }

// describeRule words a broken rule; it never quotes the value, which may be a secret.
func describeRule(f validator.FieldError) string {
	switch f.Tag() {
	case "required":
		return "given"
	case "min":
		return "at least " + f.Param()
	case "max":
		return "at most " + f.Param()
	case "oneof":
		return "one of " + f.Param()
	case "channel":
		return "one of " + strings.Trim(fmt.Sprint(touch.Channels()), "[]")
	case "http_url", "url":
		return "an http or https address"
	}
	return strings.TrimSpace("valid: " + f.Tag() + " " + f.Param())
}

// typeFault words what the decoder says of a value, without the value.
func typeFault(at string, node *yaml.Node, err error) error {
	text := err.Error()
	var found *yaml.TypeError
	if errors.As(err, &found) && len(found.Errors) > 0 {
		text = found.Errors[0]
		if line, rest, ok := strings.Cut(text, ": "); ok && strings.HasPrefix(line, "line ") {
			text = rest
		}
	}
	return touch.Errorf(touch.Invalid, at, "line %d: %s", node.Line, unquoted(text))
}

// unquoted cuts what stands between the first and the last quote out of s.
func unquoted(s string) string {
	from, to := strings.IndexAny(s, "`\""), strings.LastIndexAny(s, "`\"")
	if from < 0 || from == to {
		return s
	}
	return s[:from] + "…" + s[to+1:]
}

// typeFaults finds every key that the struct t, and those within it, do not have,
// and every value that does not fit. The decoder's own strictness works on
// whole documents only, and names no path.
func typeFaults(at string, node *yaml.Node, t reflect.Type) (faults []error) {
	for node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case node.Kind == yaml.MappingNode && t.Kind() == reflect.Struct && !readsItself(t):
		fields := map[string]reflect.Type{}
		collectFields(fields, t)
		for i := 0; i+1 < len(node.Content); i += 2 {
			key := node.Content[i]
			if ft, ok := fields[key.Value]; ok {
				faults = append(faults, typeFaults(at+"."+key.Value, node.Content[i+1], ft)...)
			} else if key.Value != "<<" {
				faults = append(faults, touch.Errorf(touch.Invalid, at+"."+key.Value, "line %d: there is no such key", key.Line))
			}
		}
	case node.Kind == yaml.MappingNode && t.Kind() == reflect.Map:
		for i := 0; i+1 < len(node.Content); i += 2 {
			faults = append(faults, typeFaults(at+"."+node.Content[i].Value, node.Content[i+1], t.Elem())...)
		}
	case node.Kind == yaml.SequenceNode && (t.Kind() == reflect.Slice || t.Kind() == reflect.Array):
		for i, item := range node.Content {
			faults = append(faults, typeFaults(at+"["+strconv.Itoa(i)+"]", item, t.Elem())...)
		}
	default:
		if err := node.Decode(reflect.New(t).Interface()); err != nil {
			return []error{typeFault(at, node, err)}
		}
	}
	return faults
}

func readsItself(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return t == reflect.TypeFor[yaml.Node]() || p.Implements(reflect.TypeFor[yaml.Unmarshaler]()) || p.Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

// collectFields lists a struct's keys, those of inlined structs among them.
func collectFields(fields map[string]reflect.Type, t reflect.Type) {
	for f := range t.Fields() {
		name, rest, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		switch {
		case strings.Contains(rest, "inline"):
			collectFields(fields, f.Type)
		case name != "-" && f.IsExported():
			fields[yamlName(f)] = f.Type
		}
	}
}

func yamlName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
	return orDefault(name, strings.ToLower(f.Name))
}
