package main

import (
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	"touchgate.dev/examples"
	"touchgate.dev/internal/apiclient"
	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// prepare stores what the touches need: templates, customers, consents and entries
// of the suppression list. For a file it only makes the templates that it names.
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
			entries[i] = map[string]any{
				"customer": strings.TrimPrefix(e.Key, "customer:"),
				"owner":    e.Owner,
				"reason":   e.Reason,
				"for_ever": true,
			}
		}
		body := map[string]any{"entries": entries}
		if err := client.Do(ctx, http.MethodPost, "/v1/suppressions", body, nil); err != nil {
			return err
		}
	}
	return nil
}

// makeTemplates stores a template for each name in the file that the gateway does
// not know. Its text has all params that lines of the file give it. All of them are
// optional, so no line is refused for its params.
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
		body := map[string]any{
			"variables": variables,
			"content":   map[touch.Channel]touch.Content{"": {Title: name, Body: text}},
		}
		if err := client.Do(ctx, http.MethodPut, "/v1/templates/"+name, body, nil); err != nil {
			return err
		}
	}
	return nil
}

// upload streams values to the gateway as NDJSON. The values are generated, so a
// line that the gateway rejects is a defect: upload returns an error of class
// Internal about the first one.
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
	defer body.Close() // ends the goroutine if the upload stops early

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
