// SPDX-License-Identifier: Apache-2.0

// Package validate checks inputs of the gateway and reports everything that is
// wrong with them at once, each fault with the path of its field as the caller
// wrote it.
package validate

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/go-playground/validator/v10"

	"touchgate.dev/touch"
)

// Tags checks structs against their validate tags. It is safe for concurrent
// use, and caches what it has read of a type: make one and keep it.
type Tags struct{ v *validator.Validate }

// NewTags makes a Tags. Beside the library's tags it knows "channel",
// "category", "passive" (a link that runs nothing where it is opened), "name"
// and "id" (see names.go), and "plain" (see IsPlain).
func NewTags() *Tags {
	v := validator.New(validator.WithRequiredStructEnabled())
	v.RegisterTagNameFunc(func(f reflect.StructField) string {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" && f.Anonymous {
			return embedded
		}
		return name
	})
	for tag, check := range map[string]validator.Func{
		"passive": isPassive, "plain": ofText(IsPlain), "name": ofText(isName), "id": ofText(isID),
		"channel": isChannel, "category": isCategory,
	} {
		if err := v.RegisterValidation(tag, check); err != nil {
			panic(err) // the tag's name is not valid: a programmer's mistake
		}
	}
	return &Tags{v: v}
}

func isChannel(f validator.FieldLevel) bool  { return touch.Channel(f.Field().String()).Valid() }
func isCategory(f validator.FieldLevel) bool { return touch.Category(f.Field().String()).Valid() }

// isPassive reports whether a link runs nothing where it is opened: apps are
// given links as they are.
func isPassive(f validator.FieldLevel) bool {
	scheme, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(f.Field().String())), ":")
	return scheme != "javascript" && scheme != "vbscript" && scheme != "data" && scheme != "file"
}

// ofText makes a tag's check out of a check of a text.
func ofText(check func(string) bool) validator.Func {
	return func(f validator.FieldLevel) bool { return check(f.Field().String()) }
}

// embedded stands in paths for an embedded struct, which JSON does not show.
const embedded = "~"

// Check returns what is wrong with a struct by its tags.
func (t *Tags) Check(input any) touch.Faults {
	err := t.v.Struct(input)
	if err == nil {
		return nil
	}
	var found validator.ValidationErrors
	if !errors.As(err, &found) {
		panic(err) // the input is no struct: a programmer's mistake
	}
	var faults touch.Faults
	for _, e := range found {
		faults.Add(fieldPath(e.Namespace()), "%s", message(e))
	}
	return faults
}

// fieldPath turns the library's "Request.plan[0].params[amount]" into the
// caller's "plan[0].params.amount".
func fieldPath(namespace string) string {
	_, path, _ := strings.Cut(strings.ReplaceAll(namespace, "."+embedded+".", "."), ".")
	var b strings.Builder
	for {
		open := strings.IndexByte(path, '[')
		end := strings.IndexByte(path, ']')
		if open < 0 || end < open {
			b.WriteString(path)
			return b.String()
		}
		b.WriteString(path[:open])
		key := path[open+1 : end]
		if isIndex := key != "" && strings.Trim(key, "0123456789") == ""; isIndex {
			b.WriteString(path[open : end+1])
		} else {
			b.WriteString("." + key)
		}
		path = path[end+1:]
	}
}

// message says in plain words what a tag asks for.
func message(e validator.FieldError) string {
	switch tag, param := e.Tag(), e.Param(); tag {
	case "required":
		return "is required"
	case "oneof":
		return "must be one of " + strings.ReplaceAll(param, " ", ", ")
	case "channel":
		return "must be one of " + Join(touch.Channels())
	case "category":
		return "must be one of " + Join(touch.Categories())
	case "max", "min":
		word := map[string]string{"max": "at most", "min": "at least"}[tag]
		switch e.Kind() {
		case reflect.String:
			return fmt.Sprintf("must have %s %s characters", word, param)
		case reflect.Slice, reflect.Map:
			return fmt.Sprintf("must have %s %s entries", word, param)
		}
		return fmt.Sprintf("must be %s %s", word, param)
	case "plain":
		return notPlain
	case "name":
		return nameRule
	case "id":
		return idRule
	case "uri":
		return "must be a URI"
	case "passive":
		return "must not be a script, data or a file"
	}
	return "is not valid"
}

// Join writes words with commas between.
func Join[T ~string](words []T) string {
	texts := make([]string, len(words))
	for i, w := range words {
		texts[i] = string(w)
	}
	return strings.Join(texts, ", ")
}
