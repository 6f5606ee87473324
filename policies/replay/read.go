package replay

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"touchgate.dev/touch"
)

// ReadCase reads a case from strict JSON. An unknown key, an unknown word or a
// missing part is an error of class Invalid that names the line or the field.
func ReadCase(data []byte) (*Case, error) {
	var c Case
	if err := decode(data, &c); err != nil {
		return nil, err
	}
	return &c, c.check()
}

// ReadDecision reads a recorded decision, as strictly as ReadCase.
func ReadDecision(data []byte) (*RecordedDecision, error) {
	var d RecordedDecision
	if err := decode(data, &d); err != nil {
		return nil, err
	}
	return &d, d.Case.check()
}

// decode reads strict JSON into v. Its errors name the line of the fault where
// the JSON library tells the offset.
func decode(data []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		var syntax *json.SyntaxError
		var wrongType *json.UnmarshalTypeError
		offset := int64(-1) // the library tells no offset of an unknown key
		switch {
		case errors.As(err, &syntax):
			offset = syntax.Offset
		case errors.As(err, &wrongType):
			offset = wrongType.Offset
		}
		if offset < 0 {
			return touch.Errorf(touch.Invalid, "", "%w", err)
		}
		line := 1 + bytes.Count(data[:min(offset, int64(len(data)))], []byte("\n"))
		return touch.Errorf(touch.Invalid, fmt.Sprintf("line %d", line), "%w", err)
	}
	if d.More() {
		return touch.Errorf(touch.Invalid, "", "something follows after the end")
	}
	return nil
}

// check returns the first fault of a case, as an error that names the field.
func (c *Case) check() error {
	t := &c.Touch
	switch {
	case c.At.IsZero():
		return touch.Errorf(touch.Invalid, "at", "is required: the instant to evaluate at")
	case t.Customer == "":
		return touch.Errorf(touch.Invalid, "touch.customer", "is required")
	case !t.Category.Valid():
		return touch.Errorf(touch.Invalid, "touch.category",
			"%q is not a category: one of %v", t.Category, touch.Categories())
	case c.Leg < 0 || c.Leg >= len(t.Plan):
		return touch.Errorf(touch.Invalid, "leg", "the plan has %d legs", len(t.Plan))
	}

	for i := range t.Plan {
		if channel := t.Plan[i].Channel; !channel.Valid() {
			return touch.Errorf(touch.Invalid, fmt.Sprintf("touch.plan[%d].channel", i),
				"%q is not a channel: one of %v", channel, touch.Channels())
		}
	}
	for i := range c.Ahead {
		if !c.Ahead[i].valid() {
			return touch.Errorf(touch.Invalid, fmt.Sprintf("ahead[%d]", i),
				"a touch ahead has a category, and a leg with a channel")
		}
	}
	for i, k := range c.Contacts {
		switch {
		case k.At.IsZero() || !k.Channel.Valid() || !k.Category.Valid():
			return touch.Errorf(touch.Invalid, fmt.Sprintf("contacts[%d]", i),
				"a contact has at, channel and category")
		case k.Kind != touch.ContactUnknown && !k.Kind.Valid():
			return touch.Errorf(touch.Invalid, fmt.Sprintf("contacts[%d].kind", i),
				"%q is not a kind of contact", k.Kind)
		}
	}
	return nil
}

// valid reports whether the touch has what a ranked cap compares: a category,
// and the channel of the leg that waits.
func (w *Waiting) valid() bool {
	if w.Leg < 0 || w.Leg >= len(w.Touch.Plan) {
		return false
	}
	return w.Touch.Category.Valid() && w.Touch.Plan[w.Leg].Channel.Valid()
}
