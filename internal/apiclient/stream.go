package apiclient

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"

	"touchgate.dev/touch"
)

// Chunk is one line of the answer to a stream: what became of the lines from
// LineFrom to LineTo. The last line of the answer has Done set, and totals.
type Chunk struct {
	LineFrom int            `json:"line_from"`
	LineTo   int            `json:"line_to"`
	Done     bool           `json:"done"`
	Lines    int            `json:"lines"`
	Accepted int            `json:"accepted"` // new; Deferred of them wait for a later time
	Deferred int            `json:"deferred"`
	Repeated int            `json:"repeated"`
	Refused  int            `json:"refused"`
	Reasons  map[string]int `json:"reasons"` // of the refused, by rule
	Failed   int            `json:"failed"`  // lines that were not accepted; Errors says why
	Errors   []LineError    `json:"errors"`
	// Error says why the gateway ended the stream early.
	Error *problem `json:"error"`
}

// LineError is a fault of one line.
type LineError struct {
	Line    int    `json:"line"`
	Field   string `json:"field"`
	Message string `json:"message"`
}

// Text returns the fault with its field.
func (e LineError) Text() string {
	if e.Field == "" {
		return e.Message
	}
	return e.Field + ": " + e.Message
}

// Stream sends touches as NDJSON to a campaign. It calls each with every chunk of
// the answer, as soon as the chunk is committed. It uses constant memory. Class
// Unavailable: the answer ended without its last line. Then send the same lines
// again: a touch that was accepted is not accepted twice.
func (c *Client) Stream(ctx context.Context, campaign string, body io.Reader, each func(Chunk)) error {
	return c.stream(ctx, "/v1/campaigns/"+url.PathEscape(campaign)+"/touches", body, each)
}

// Upload does the same as Stream for another bulk route of the API.
func (c *Client) Upload(ctx context.Context, path string, body io.Reader, each func(Chunk)) error {
	return c.stream(ctx, path, body, each)
}

func (c *Client) stream(ctx context.Context, path string, body io.Reader, each func(Chunk)) error {
	resp, err := c.request(ctx, http.MethodPost, path, body, "application/x-ndjson")
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(make([]byte, 64<<10), 16<<20)
	done := false
	for lines.Scan() {
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 {
			continue
		}
		var chunk Chunk
		if err := json.Unmarshal(line, &chunk); err != nil {
			return touch.Errorf(touch.Unavailable, "", "the answer cannot be read: %w", err)
		}
		done = done || chunk.Done
		each(chunk)
		if chunk.Error != nil {
			return chunk.Error.err(chunk.Error.Status)
		}
	}
	if err := lines.Err(); err != nil {
		return touch.Errorf(touch.Unavailable, "", "the answer ended early: %w", err)
	}
	if !done {
		return touch.Errorf(touch.Unavailable, "", "the answer ended early: send the same again")
	}
	return nil
}
