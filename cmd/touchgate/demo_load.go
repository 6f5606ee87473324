package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"

	"touchgate.dev/examples"
	"touchgate.dev/internal/apiclient"
	"touchgate.dev/internal/demodata"
	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// demoLoad is what a demo sends: generated customers and touches, or a file.
type demoLoad struct {
	world     *demodata.World // nil: a file
	file      string
	campaigns []string
	// templates are those that the file names, with the params seen for each.
	templates map[string]map[string]bool
	lines     int
}

// defaultCampaign is the campaign of a file's lines that name none.
const defaultCampaign = "demo"

// newDemoLoad generates the load, or reads the file once to find its campaigns
// and templates.
func newDemoLoad(f demoFlags) (*demoLoad, error) {
	if f.file == "" {
		world := demodata.Make(f.touches, 1)
		return &demoLoad{world: &world, campaigns: []string{demodata.Campaign}, lines: f.touches}, nil
	}
	l := &demoLoad{file: f.file, templates: map[string]map[string]bool{}}
	seen := map[string]bool{}
	err := eachLine(f.file, func(raw []byte) error {
		l.lines++
		h := readLineHead(raw)
		seen[h.Campaign] = true
		for _, leg := range h.Plan {
			if leg.Template == "" {
				continue
			}
			if l.templates[leg.Template] == nil {
				l.templates[leg.Template] = map[string]bool{}
			}
			for name := range leg.Params {
				l.templates[leg.Template][name] = true
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if l.lines == 0 {
		return nil, touch.Errorf(touch.Invalid, "", "%s holds no touches", f.file)
	}
	l.campaigns = slices.Sorted(maps.Keys(seen))
	return l, nil
}

// vendorsMisbehave reports whether the simulated vendors should fail now and
// then. With a user's own file they work without faults.
func (l *demoLoad) vendorsMisbehave() bool { return l.world != nil }

// lineHead is what must be known of a line before it is sent.
type lineHead struct {
	Campaign string      `json:"campaign"`
	Plan     []touch.Leg `json:"plan"`
	Key      string      `json:"key"`
}

// readLineHead reads what it can; the gateway says what is wrong with the rest.
func readLineHead(raw []byte) lineHead {
	var h lineHead
	if json.Unmarshal(raw, &h) != nil || h.Campaign == "" {
		h.Campaign = defaultCampaign
	}
	return h
}

// eachLine calls visit with each line that is not empty.
func eachLine(path string, visit func(raw []byte) error) error {
	in, _, err := openInput(path)
	if err != nil {
		return err
	}
	defer in.Close()
	lines := bufio.NewReaderSize(in, 256<<10)
	for {
		raw, err := lines.ReadBytes('\n')
		if raw = bytes.TrimSpace(raw); len(raw) > 0 {
			if err := visit(raw); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return touch.Errorf(touch.Invalid, "", "cannot read the file: %w", err)
		}
	}
}

// prepare stores what touches need: templates, customers, consents, lists.
func (l *demoLoad) prepare(ctx context.Context, client *apiclient.Client) error {
	if l.world == nil {
		return l.makeTemplates(ctx, client)
	}
	var templates map[string]json.RawMessage
	if err := json.Unmarshal(examples.Templates(), &templates); err != nil {
		return touch.Errorf(touch.Internal, "templates", "cannot be read: %w", err)
	}
	for name, body := range templates {
		if err := client.Do(ctx, http.MethodPut, "/v1/templates/"+name, body, nil); err != nil {
			return err
		}
	}
	w := l.world
	type consent struct {
		Customer string `json:"customer"`
		touch.Consent
	}
	var consents []consent
	for i, list := range w.Consents {
		for _, c := range list {
			consents = append(consents, consent{w.Customers[i].ID, c})
		}
	}
	if err := upload(ctx, client, "/v1/customers", w.Customers); err != nil {
		return err
	}
	if err := upload(ctx, client, "/v1/consents", consents); err != nil {
		return err
	}
	for some := range slices.Chunk(w.Listings, touch.MaxBatch) {
		entries := make([]map[string]any, len(some))
		for i, e := range some {
			entries[i] = map[string]any{"customer": e.Key[len("customer:"):], "owner": e.Owner, "reason": e.Reason, "for_ever": true}
		}
		if err := client.Do(ctx, http.MethodPost, "/v1/suppressions", map[string]any{"entries": entries}, nil); err != nil {
			return err
		}
	}
	return nil
}

// makeTemplates stores a template for each name in the file that the gateway
// does not know.
func (l *demoLoad) makeTemplates(ctx context.Context, client *apiclient.Client) error {
	for _, name := range slices.Sorted(maps.Keys(l.templates)) {
		err := client.Do(ctx, http.MethodGet, "/v1/templates/"+name, nil, nil)
		if err == nil {
			continue
		}
		if touch.ClassOf(err) != touch.NotFound {
			return err
		}
		text := "A message of " + name
		var variables []ledger.TemplateVariable
		for _, v := range slices.Sorted(maps.Keys(l.templates[name])) {
			variables = append(variables, ledger.TemplateVariable{Name: v, Optional: true, MaxLen: 2048})
			text += ", " + v + " ${" + v + "}"
		}
		body := map[string]any{"variables": variables, "content": map[string]touch.Content{"": {Title: name, Body: text}}}
		if err := client.Do(ctx, http.MethodPut, "/v1/templates/"+name, body, nil); err != nil {
			return err
		}
	}
	return nil
}

// upload streams values as NDJSON. The values are generated, so a line that the
// gateway rejects is an error of class Internal.
func upload[T any](ctx context.Context, client *apiclient.Client, path string, values []T) error {
	body, feed := io.Pipe()
	go func() {
		out := json.NewEncoder(feed)
		for i := range values {
			if err := out.Encode(&values[i]); err != nil {
				feed.CloseWithError(err)
				return
			}
		}
		feed.Close()
	}()
	defer body.Close()
	var faulty *apiclient.LineError
	err := client.Upload(ctx, path, body, func(c apiclient.Chunk) {
		if len(c.Errors) > 0 && faulty == nil {
			faulty = &c.Errors[0]
		}
	})
	if err == nil && faulty != nil {
		return touch.Errorf(touch.Internal, "", "%s, line %d: %s", path, faulty.Line, faulty.Text())
	}
	return err
}

// submit streams the touches, campaign after campaign.
func (l *demoLoad) submit(ctx context.Context, client *apiclient.Client, out io.Writer) (*submission, error) {
	s := &submission{}
	b := newProgress(out, "submitting", int64(l.lines))
	defer b.stop()
	for _, campaign := range l.campaigns {
		body, feed := io.Pipe()
		keys := &acceptedKeys{}
		go func() { feed.CloseWithError(l.write(feed, campaign, keys)) }()
		err := client.Stream(ctx, campaign, body, func(c apiclient.Chunk) {
			if c.Done {
				return
			}
			s.add(c)
			b.add(int64(c.Lines))
			b.setText("%d accepted, %d refused", s.Accepted, s.Refused)
			for _, e := range c.Errors {
				b.print("line %d: %s", e.Line, e.Text())
			}
			keys.addFaulty(c.Errors)
		})
		body.Close()
		s.keys = append(s.keys, keys.list()...)
		if err != nil {
			return nil, err
		}
	}
	return s, nil
}

// write writes the lines of one campaign, and an empty line for each other one.
// So the line numbers that the gateway reports are those of the file.
func (l *demoLoad) write(w io.Writer, campaign string, keys *acceptedKeys) error {
	out := bufio.NewWriterSize(w, 64<<10)
	if l.world != nil {
		lines := json.NewEncoder(out)
		for i := range l.world.Touches {
			keys.add(l.world.Touches[i].Key)
			if err := lines.Encode(&l.world.Touches[i]); err != nil {
				return err
			}
		}
		return out.Flush()
	}
	err := eachLine(l.file, func(raw []byte) error {
		h := readLineHead(raw)
		if h.Campaign != campaign {
			keys.add("")
			return out.WriteByte('\n')
		}
		keys.add(h.Key)
		_, _ = out.Write(raw) // a failure shows again in the next write
		return out.WriteByte('\n')
	})
	if err != nil {
		return err
	}
	return out.Flush()
}

// submission is the gateway's answer to all campaigns.
type submission struct {
	chunkTotals
	keys []string // of the accepted lines
}

// String returns the totals in one line.
func (s *submission) String() string {
	return fmt.Sprintf("%d lines: %d accepted, %d refused, %d repeated, %d faulty", s.Lines, s.Accepted, s.Refused, s.Repeated, s.Failed)
}
