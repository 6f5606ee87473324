package httpapi_test

import (
	"bufio"
	"net/http"
	"strings"
	"testing"
	"time"

	"touchgate.dev/gateway/internal/gatewaytest"
	"touchgate.dev/touch"
)

func (f *fixture) put(items ...touch.Item) {
	f.t.Helper()
	for i := range items {
		items[i].CreatedAt, items[i].UpdatedAt, items[i].Category = f.Now(), f.Now(), touch.Service
	}
	if err := f.Ledger.Items.Put(f.t.Context(), items); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) token(path, body string) string {
	f.t.Helper()
	return f.dev(http.StatusCreated, "POST", path, body).field(f.t, "token").(string)
}

func dispatch(key string) string { return touch.DispatchID(touch.NewID("dev", key), 0) }

func TestAppSeesOwnCustomer(t *testing.T) {
	f := newFixture(t, nil)
	mine, theirs, popup := dispatch("1"), dispatch("2"), dispatch("3")
	f.put(
		touch.Item{ID: mine, Channel: touch.Inbox, Customer: "c1", Campaign: "inner-name", State: touch.ItemUnread, Content: touch.Content{Title: "for c1"}},
		touch.Item{ID: theirs, Channel: touch.Inbox, Customer: "c2", State: touch.ItemUnread, Content: touch.Content{Title: "for c2"}},
		touch.Item{ID: popup, Channel: touch.Popup, Customer: "c1", State: touch.ItemUnread, MaxShows: 1, Content: touch.Content{Title: "pop", Placement: "home"}},
	)
	c1 := f.token("/v1/customers/c1/tokens", `{}`)
	c3 := f.token("/v1/customers/c3/tokens", `{"expires_in":"5m"}`)
	list := f.call("GET", "/v1/app/inbox", c1, "")
	if !strings.Contains(string(list.body), "for c1") || strings.Contains(string(list.body), "for c2") || strings.Contains(string(list.body), "inner-name") {
		t.Errorf("c1's inbox: %s", list.body)
	}
	if l := f.call("GET", "/v1/app/inbox", c3, ""); string(l.body) != `{"items":[]}`+"\n" {
		t.Errorf("c3's inbox: %s", l.body)
	}
	for _, step := range []struct {
		method, path, bearer string
		status               int
	}{
		{"POST", "/v1/app/inbox/" + theirs + ":read", c1, 404},
		{"POST", "/v1/app/inbox/" + mine + ":read", c3, 404},
		{"POST", "/v1/app/inbox/" + mine + ":read", c1, 204},
		{"POST", "/v1/app/inbox/" + mine + ":dismiss", c1, 204},
		{"GET", "/v1/app/unread", c1, 200},
		{"GET", "/v1/app/popups?placement=home", c1, 200},
		{"POST", "/v1/app/popups/" + popup + ":shown", c1, 204},
		{"POST", "/v1/app/popups/" + popup + ":shown", c1, 409},
		{"POST", "/v1/app/popups/" + popup + ":dismiss", c3, 404},
		{"POST", "/v1/app/popups/" + popup + ":dismiss", c1, 204},
		{"GET", "/v1/touches", c1, 401},
		{"GET", "/v1/desk/tasks", c1, 401},
		{"GET", "/v1/app/inbox?limit=0", c1, 422},
	} {
		if a := f.call(step.method, step.path, step.bearer, ""); a.StatusCode != step.status {
			t.Errorf("%s %s: %d, want %d: %s", step.method, step.path, a.StatusCode, step.status, a.body)
		}
	}
	f.Advance(time.Hour)
	if a := f.call("GET", "/v1/app/inbox", c1, ""); a.StatusCode != 401 {
		t.Errorf("an expired token: %d", a.StatusCode)
	}
}

func TestInboxEvents(t *testing.T) {
	f := newFixture(t, nil)
	f.put(touch.Item{ID: dispatch("old"), Channel: touch.Inbox, Customer: "c1", State: touch.ItemUnread})
	req, _ := http.NewRequestWithContext(t.Context(), "GET", f.server.URL+"/v1/app/stream", nil)
	req.Header.Set("Authorization", "Bearer "+f.token("/v1/customers/c1/tokens", `{}`))
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.Header.Get("Content-Type") != "text/event-stream" {
		t.Errorf("content type %q", res.Header.Get("Content-Type"))
	}
	lines := bufio.NewScanner(res.Body)
	next := func(prefix string) string {
		for lines.Scan() {
			if rest, ok := strings.CutPrefix(lines.Text(), prefix); ok {
				return rest
			}
		}
		t.Fatalf("no %q: %v", prefix, lines.Err())
		return ""
	}
	if got := next("data: "); got != `{"unread":1}` {
		t.Errorf("at the start: %s", got)
	}
	f.put(
		touch.Item{ID: dispatch("other"), Channel: touch.Inbox, Customer: "c2", State: touch.ItemUnread},
		touch.Item{ID: dispatch("new"), Channel: touch.Inbox, Customer: "c1", State: touch.ItemUnread, Content: touch.Content{Title: "line\nbreak"}},
	)
	if got := next("id: "); got != dispatch("new") {
		t.Errorf("got the message %s", got)
	}
	if got := next("data: "); !strings.Contains(got, `line\nbreak`) {
		t.Errorf("the message: %s", got)
	}
}

func TestDesk(t *testing.T) {
	f := newFixture(t, nil)
	due := gatewaytest.Noon.Add(time.Hour)
	id := dispatch("t")
	f.put(touch.Item{ID: id, Channel: touch.RMTask, Customer: "c1", State: touch.TaskOpen, DueAt: &due, Assignee: &touch.Assignee{Queue: "north"}, Content: touch.Content{Title: "call"}})
	ann := f.token("/v1/managers/ann/tokens", `{"queues":["north"]}`)
	eve := f.token("/v1/managers/eve/tokens", `{"branches":["b1"]}`)
	for _, step := range []struct {
		method, path, bearer, body string
		status                     int
	}{
		{"GET", "/v1/desk/tasks?queue=north", ann, "", 200},
		{"GET", "/v1/desk/tasks?queue=north", eve, "", 403},
		{"POST", "/v1/desk/tasks/" + id + ":claim", eve, "", 404},
		{"POST", "/v1/desk/tasks/" + id + ":claim", ann, "", 204},
		{"POST", "/v1/desk/tasks/" + id + ":release", ann, "", 204},
		{"POST", "/v1/desk/tasks/" + id + ":complete", ann, `{"outcome":"completed"}`, 409},
		{"POST", "/v1/desk/tasks/" + id + ":claim", ann, "", 204},
		{"POST", "/v1/desk/tasks/" + id + ":complete", ann, `{}`, 422},
		{"POST", "/v1/desk/tasks/" + id + ":complete", ann, `{"outcome":"completed","note":"done"}`, 204},
		{"GET", "/v1/desk/tasks?all=maybe", ann, "", 422},
	} {
		if a := f.call(step.method, step.path, step.bearer, step.body); a.StatusCode != step.status {
			t.Errorf("%s %s: %d, want %d: %s", step.method, step.path, a.StatusCode, step.status, a.body)
		}
	}
	if l := f.call("GET", "/v1/desk/tasks?all=true", ann, ""); !strings.Contains(string(l.body), `"note":"done"`) {
		t.Errorf("ann's tasks: %s", l.body)
	}
}
