package httpapi

import (
	"bytes"
	"encoding/json"
	"strconv"
)

// page is a list with the cursor from which it goes on; "" at the end.
type page struct {
	Items any    `json:"items"`
	Next  string `json:"next,omitempty"`
}

// orEmpty turns nil into an empty list, which JSON shows as [] and not null.
func orEmpty[T any](all []T) []T {
	if all == nil {
		return []T{}
	}
	return all
}

// cursor writes a numeric cursor, 0 as "".
func cursor(next int64) string {
	if next == 0 {
		return ""
	}
	return strconv.FormatInt(next, 10)
}

// reply answers with JSON. Texts are written as they are: the answer is never
// read as HTML.
func (c *request) reply(status int, v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	c.Data(status, "application/json", b.Bytes())
	return nil
}
