package strictyaml

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/go-playground/validator/v10"

	"touchgate.dev/touch"
)

// Validate holds v, a pointer to a struct, against its validate tags, and
// returns all broken ones with the paths of their YAML keys. Beside the
// library's tags there is "channel". The class of a fault is Internal if v
// cannot be checked.
func Validate(v any) touch.Faults {
	validate := validator.New(validator.WithRequiredStructEnabled())
	validate.RegisterTagNameFunc(Key)
	err := validate.RegisterValidation("channel", isChannel)
	if err == nil {
		err = validate.Struct(v)
	}

	var broken validator.ValidationErrors
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &broken):
		return touch.Faults{{Class: touch.Internal, Message: fmt.Sprintf("cannot be checked: %v", err)}}
	}
	var faults touch.Faults
	for _, b := range broken {
		_, path, _ := strings.Cut(b.Namespace(), ".") // without the name of the type
		faults.Add(path, "%s", explain(b))
	}
	return faults
}

func isChannel(f validator.FieldLevel) bool { return touch.Channel(f.Field().String()).Valid() }

// explain says in words which rule a value breaks. It quotes only values that
// are no secrets.
func explain(f validator.FieldError) string {
	switch f.Tag() {
	case "required", "required_if", "required_unless":
		return "is missing"
	case "oneof":
		return fmt.Sprintf("%q is not one of: %s", f.Value(), strings.ReplaceAll(f.Param(), " ", ", "))
	case "channel":
		return fmt.Sprintf("%q is not one of: %s", f.Value(), channels())
	case "hostname_port":
		return fmt.Sprintf("%q is not host:port", f.Value())
	case "http_url", "url":
		return "is not an http or https address"
	case "dir":
		return fmt.Sprintf("%q is not a folder", f.Value())
	case "min":
		return "is below the least allowed, " + bound(f)
	case "max":
		return "is above the most allowed, " + bound(f)
	}
	return strings.TrimSpace("does not satisfy " + f.Tag() + " " + f.Param())
}

func channels() string {
	var names []string
	for _, c := range touch.Channels() {
		names = append(names, string(c))
	}
	return strings.Join(names, ", ")
}

// bound words the limit of min or max in the unit of the value.
func bound(f validator.FieldError) string {
	switch f.Kind() {
	case reflect.String:
		return f.Param() + " characters"
	case reflect.Slice, reflect.Map:
		return f.Param() + " entries"
	}
	if _, ok := f.Value().(touch.Duration); ok {
		if n, err := strconv.ParseInt(f.Param(), 10, 64); err == nil {
			return touch.Duration(n).String()
		}
	}
	return f.Param()
}
