package httpapi_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// failing is an intake that fails with an internal error.
type failing struct {
	ledger.Intake
	err error
}

func (f failing) Accept(context.Context, []ledger.NewTouch) ([]ledger.Accepted, []ledger.SegmentRef, error) {
	return nil, nil, f.err
}

func TestInternalErrorsDoNotLeak(t *testing.T) {
	const cause = "dial tcp 10.1.2.3:5432: password authentication failed"
	for status, err := range map[int]error{
		503: touch.Errorf(touch.Unavailable, "", "the ledger does not answer: %w", errors.New(cause)),
		500: errors.New(cause),
	} {
		f := newFixture(t, func(l *ledger.Ledger) { l.Intake = failing{l.Intake, err} })
		a := f.call("POST", "/v1/touches", "dev-key", body("a"))
		if a.StatusCode != status || strings.Contains(string(a.body), "10.1.2.3") || strings.Contains(string(a.body), "ledger") {
			t.Errorf("%d %s", a.StatusCode, a.body)
		}
		if status == 503 && a.Header.Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
		if !strings.Contains(f.log.String(), "10.1.2.3") {
			t.Errorf("the log does not have the cause: %s", f.log.String())
		}
		stream := f.call("POST", "/v1/campaigns/nov/touches", "dev-key", body("a")+"\n")
		if strings.Contains(string(stream.body), "10.1.2.3") || !strings.Contains(string(stream.body), `"line_from":1`) || !strings.Contains(string(stream.body), fmt.Sprintf(`"status":%d`, status)) {
			t.Errorf("stream: %s", stream.body)
		}
	}
}

// panicking is an intake that panics with a customer's number.
type panicking struct{ ledger.Intake }

func (panicking) Accept(context.Context, []ledger.NewTouch) ([]ledger.Accepted, []ledger.SegmentRef, error) {
	panic("+8613800000000")
}

func TestPanicIsAnswered500(t *testing.T) {
	f := newFixture(t, func(l *ledger.Ledger) { l.Intake = panicking{l.Intake} })
	if a := f.call("POST", "/v1/touches", "dev-key", body("a")); a.StatusCode != 500 {
		t.Errorf("single: %d", a.StatusCode)
	}
	a := f.call("POST", "/v1/campaigns/nov/touches", "dev-key", body("a")+"\n")
	if _, total := reports(t, a.body); total.Error == nil || total.Error.Status != 500 {
		t.Errorf("stream: %s", a.body)
	}
	if log := f.log.String(); strings.Contains(log, "+86138") || strings.Count(log, `"msg":"panic"`) != 2 {
		t.Errorf("the log: %s", log)
	}
}

func TestLogsHoldNoPersonalData(t *testing.T) {
	f := newFixture(t, nil)
	f.dev(http.StatusAccepted, "POST", "/v1/touches", body("a"))
	f.dev(http.StatusOK, "PUT", "/v1/customers/secret-customer", `{"addresses":{"sms":"+8613800000000"}}`)
	f.call("POST", "/v1/touches", "dev-key", strings.Replace(body("b"), `"sms"`, `"fax"`, 1))
	for _, canary := range []string{"+8613800000000", "hello", "secret-customer", "c1", "dev-key"} {
		if strings.Contains(f.log.String(), canary) {
			t.Errorf("the log holds %q: %s", canary, f.log.String())
		}
	}
	if !strings.Contains(f.log.String(), `"route":"/v1/customers/{id}"`) {
		t.Errorf("the log lacks the route: %s", f.log.String())
	}
}
