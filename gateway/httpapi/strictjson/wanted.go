package strictjson

import (
	"reflect"
	"time"

	"github.com/go-json-experiment/json"
)

// wanted names the type that a value should have had.
func wanted(err *json.SemanticError) string {
	t := err.GoType
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t == nil:
		return "another type"
	case t == reflect.TypeFor[time.Time]():
		return "an instant in the form of RFC 3339, like 2026-11-21T09:00:00+08:00"
	}
	switch t.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		if err.JSONKind == '0' {
			return "a whole number within range"
		}
		return "a number"
	case reflect.Float32, reflect.Float64:
		return "a number within range"
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice, reflect.Array:
		return "a list"
	}
	return "an object"
}
