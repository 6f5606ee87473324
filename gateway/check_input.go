package gateway

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/go-playground/validator/v10"

	"touchgate.dev/touch"
)

// checker holds inputs against their validate tags, and touches against what
// tags cannot say.
type checker struct{ v *validator.Validate }

func newChecker() *checker {
	v := validator.New(validator.WithRequiredStructEnabled())
	v.RegisterTagNameFunc(func(f reflect.StructField) string {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" && f.Anonymous {
			return embedded
		}
		return name
	})
	for tag, holds := range map[string]validator.Func{
		"passive": passive, "printascii": printable, "channel": isChannel, "category": isCategory,
	} {
		if err := v.RegisterValidation(tag, holds); err != nil {
			panic(err) // the tag is no tag: a programmer's fault
		}
	}
	return &checker{v: v}
}

// isChannel and isCategory hold a name against the tables in touch.
func isChannel(f validator.FieldLevel) bool { return touch.Channel(f.Field().String()).Valid() }

func isCategory(f validator.FieldLevel) bool { return touch.Category(f.Field().String()).Valid() }

// passive reports whether a link runs nothing where it is opened: apps are
// given it as it is.
func passive(f validator.FieldLevel) bool {
	scheme, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(f.Field().String())), ":")
	return scheme != "javascript" && scheme != "vbscript" && scheme != "data" && scheme != "file"
}

// printable reports whether a text is printable ASCII; the library's own check
// runs a regular expression over every key and name.
func printable(f validator.FieldLevel) bool {
	text := f.Field().String()
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

// embedded stands for an embedded struct, which JSON doesn't show, in paths.
const embedded = "~"

// tags holds any input against its tags.
func (c *checker) tags(input any) touch.Faults {
	err := c.v.Struct(input)
	if err == nil {
		return nil
	}
	var found validator.ValidationErrors
	if !errors.As(err, &found) {
		panic(err) // the input is no struct: a programmer's fault
	}
	var faults touch.Faults
	for _, e := range found {
		faults.Add(fieldPath(e.Namespace()), "%s", complaint(e))
	}
	return faults
}

// fieldPath turns validator's "Request.plan[0].params[amount]" into
// "plan[0].params.amount".
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
		if name := path[open+1 : end]; strings.Trim(name, "0123456789") == "" && name != "" {
			b.WriteString(path[open : end+1])
		} else {
			b.WriteString("." + name)
		}
		path = path[end+1:]
	}
}

// complaint says in plain words what a tag asks for.
func complaint(e validator.FieldError) string {
	switch tag, param := e.Tag(), e.Param(); tag {
	case "required":
		return "is required"
	case "oneof":
		return "must be one of " + strings.ReplaceAll(param, " ", ", ")
	case "channel":
		return "must be one of " + list(touch.Channels())
	case "category":
		return "must be one of " + list(touch.Categories())
	case "max", "min":
		word := map[string]string{"max": "at most", "min": "at least"}[tag]
		switch e.Kind() {
		case reflect.String:
			return fmt.Sprintf("must have %s %s characters", word, param)
		case reflect.Slice, reflect.Map:
			return fmt.Sprintf("must have %s %s entries", word, param)
		}
		return fmt.Sprintf("must be %s %s", word, param)
	case "printascii":
		return "must be printable ASCII"
	case "uri":
		return "must be a URI"
	case "passive":
		return "must not be a script, data or a file"
	}
	return "is not valid"
}

// request holds a touch against everything that needs no store.
func (c *checker) request(r *touch.Request, now time.Time, maxFuture time.Duration) touch.Faults {
	faults := c.tags(r)
	horizon := now.Add(maxFuture)
	for _, at := range []struct {
		name string
		time *time.Time
	}{{"not_before", r.NotBefore}, {"expires_at", r.ExpiresAt}} {
		if at.time != nil && at.time.After(horizon) {
			faults.Add(at.name, "is more than %s ahead", touch.Duration(maxFuture))
		}
	}
	if r.NotBefore != nil && r.ExpiresAt != nil && !r.ExpiresAt.After(*r.NotBefore) {
		faults.Add("expires_at", "must be after not_before")
	}
	checkAddresses(r.Addresses, &faults)
	for i := range r.Plan {
		checkLeg(&r.Plan[i], i, touch.Duration(maxFuture), &faults)
	}
	return faults
}

// checkLeg holds a leg against the rules between its fields.
func checkLeg(l *touch.Leg, i int, longest touch.Duration, faults *touch.Faults) {
	bad := func(field, format string, args ...any) {
		faults.Add(fmt.Sprintf("plan[%d].%s", i, field), format, args...)
	}
	switch {
	case l.Template != "" && l.Content != nil:
		bad("content", "a leg has a template or content, not both")
	case l.Template == "" && len(l.Params) > 0:
		bad("params", "params belong to a template")
	case l.Content != nil && l.Content.Body == "" && l.Content.Title == "":
		bad("content.body", "content needs a body or a title")
	case l.Template == "" && l.Content == nil && !l.Channel.IsTask():
		bad("template", "a leg needs a template or content")
	case l.Template == "" && l.Content == nil && l.Title == "":
		bad("title", "a task needs a title, a template or content")
	}
	if !l.Channel.IsTask() {
		if l.Title != "" {
			bad("title", "belongs to rm_task; put it into content")
		}
		if l.DueIn != 0 {
			bad("due_in", "belongs to rm_task")
		}
		if l.Assign != nil {
			bad("assign", "belongs to rm_task")
		}
	}
	if a := l.Assign; a != nil && !oneOf(a.Manager, a.Queue, a.Branch) {
		bad("assign", "name exactly one of manager, queue, branch")
	}
	if l.Wait > longest {
		bad("wait", "is longer than %s", longest)
	}
	if l.DueIn > longest {
		bad("due_in", "is longer than %s", longest)
	}
}

func oneOf(values ...string) bool {
	n := 0
	for _, v := range values {
		if v != "" {
			n++
		}
	}
	return n == 1
}

// clockSkew is how far a caller's clock may run ahead of ours.
const clockSkew = time.Minute

// checkInstant reads when something happened: now where nothing is said, and
// never later than now.
func checkInstant(at *time.Time, now time.Time, faults *touch.Faults) {
	if at.After(now.Add(clockSkew)) {
		faults.Add("at", "lies in the future")
	}
	if at.IsZero() || at.After(now) {
		*at = now
	}
}

// checkAddresses asks that numbers are written in one way only, so that
// suppressions by address find them.
func checkAddresses(addresses map[touch.Channel]string, faults *touch.Faults) {
	for ch, a := range addresses {
		if ch.IsPhone() && a != "" && !isNumber(a) {
			faults.Add("addresses."+string(ch), "must be a number: an optional + and 3 to 20 digits, nothing between")
		}
	}
}

func isNumber(a string) bool {
	digits := strings.TrimPrefix(a, "+")
	return len(digits) >= 3 && len(digits) <= 20 && strings.Trim(digits, "0123456789") == ""
}
