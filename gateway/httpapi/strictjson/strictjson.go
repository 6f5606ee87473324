// SPDX-License-Identifier: Apache-2.0

// Package strictjson decodes one JSON document into a Go value and refuses
// whatever a lenient decoder would let pass: an unknown or repeated name, a
// name in the wrong case, a wrong type, deep nesting, broken UTF-8, a NUL
// character, or anything after the document. The error names the path. The
// work is done by the second version of encoding/json (as its experimental
// module); this package sets it to strict and words its errors for the API.
package strictjson

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"touchgate.dev/touch"
)

// MaxDepth is how deep a document may nest.
const MaxDepth = 16

// Raw is a value as it was written, to be decoded later; only its grammar was
// checked.
type Raw = jsontext.Value

// Decode reads data into the value that into points to. JSON's null counts as
// absent. The error is of class Invalid, and its field is the path of what is
// wrong; the value may then be filled in part. It is safe for concurrent use.
func Decode(data []byte, into any) error {
	if err := checkDepth(data); err != nil {
		return err
	}
	if err := json.Unmarshal(data, into, json.RejectUnknownMembers(true)); err != nil {
		return explain(err)
	}
	if bytes.Contains(data, []byte(`\u0000`)) {
		return checkNUL(data)
	}
	return nil
}

// checkDepth refuses deep nesting before anything is allocated for it. It only
// counts brackets outside of strings.
func checkDepth(data []byte) error {
	depth := 0
	quoted := false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case c == '"':
			quoted = !quoted
		case quoted:
			if c == '\\' {
				i++
			}
		case c == '{' || c == '[':
			if depth++; depth > MaxDepth {
				return touch.Errorf(touch.Invalid, "", "nests too deep: %d levels are enough", MaxDepth)
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return nil
}

// checkNUL refuses a string with a NUL character: PostgreSQL cannot store it.
func checkNUL(data []byte) error {
	dec := jsontext.NewDecoder(bytes.NewReader(data))
	for {
		tok, err := dec.ReadToken()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return explain(err)
		}
		if tok.Kind() == '"' && strings.ContainsRune(tok.String(), 0) {
			return touch.Errorf(touch.Invalid, path(dec.StackPointer()), "holds a NUL character")
		}
	}
}

// explain words the library's error for the API. It quotes names and never
// values, which may be a customer's data.
func explain(err error) error {
	var syntactic *jsontext.SyntacticError
	var semantic *json.SemanticError
	switch {
	case errors.Is(err, json.ErrUnknownName):
		errors.As(err, &semantic)
		return touch.Errorf(touch.Invalid, path(semantic.JSONPointer), "is not a field of this object")
	case errors.As(err, &syntactic):
		return touch.Errorf(touch.Invalid, path(syntactic.JSONPointer), "%s", grammar(syntactic))
	case errors.As(err, &semantic):
		return touch.Errorf(touch.Invalid, path(semantic.JSONPointer), "%s", mismatch(semantic))
	}
	return touch.Errorf(touch.Invalid, "", "is not readable as JSON")
}

func grammar(err *jsontext.SyntacticError) string {
	switch {
	case errors.Is(err, jsontext.ErrDuplicateName):
		return "is given twice in one object"
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return "the document ends too early, at byte " + strconv.FormatInt(err.ByteOffset, 10)
	}
	return "broken JSON at byte " + strconv.FormatInt(err.ByteOffset, 10) + ": " + err.Err.Error()
}

// mismatch says what a value should have been.
func mismatch(err *json.SemanticError) string {
	var own *touch.Error
	if errors.As(err.Err, &own) {
		return own.Message
	}
	return "must be " + wanted(err)
}

func path(p jsontext.Pointer) string {
	var b strings.Builder
	for token := range p.Tokens() {
		if _, err := strconv.ParseUint(token, 10, 32); err == nil {
			b.WriteString("[" + token + "]")
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(token)
	}
	return b.String()
}
