package vendorapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/channels/vendorapi"
	"touchgate.dev/channels/vendorhttp"
	"touchgate.dev/touch"
)

const receiptSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

var receiptNow = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// callback parses a signed callback.
func callback(t interface{ Fatal(...any) }, calls bool, body string) ([]touch.Receipt, adapter.Ack) {
	parser, err := vendorapi.NewReceipts(receiptSecret, "", func() time.Time { return receiptNow }, calls)
	if err != nil {
		t.Fatal(err)
	}
	key, err := vendorhttp.ParseKey(receiptSecret)
	if err != nil {
		t.Fatal(err)
	}
	header := http.Header{}
	key.Sign(header, "m", receiptNow, []byte(body))
	receipts, ack, err := parser.ParseReceipts(adapter.ReceiptRequest{Method: "POST", Header: header, Body: []byte(body)})
	if err != nil {
		t.Fatal(err)
	}
	return receipts, ack
}

// dispatch is the dispatch id of touch number n.
func dispatch(n int) string { return touch.DispatchID(touch.NewID("acme", fmt.Sprint(n)), 0) }

func TestReceiptEntries(t *testing.T) {
	good := fmt.Sprintf(`{"id":%q,"status":"delivered"}`, dispatch(0))
	for name, c := range map[string]struct {
		entry   string
		fault   string // "" is none
		foreign int
	}{
		"an unknown status":    {fmt.Sprintf(`{"id":%q,"status":"buffered"}`, dispatch(1)), "[1].status", 0},
		"no status":            {fmt.Sprintf(`{"id":%q}`, dispatch(1)), "[1].status", 0},
		"no id":                {`{"status":"delivered"}`, "[1].id", 0},
		"a status of a number": {fmt.Sprintf(`{"id":%q,"status":7}`, dispatch(1)), "[1].status", 0},
		"a text":               {`"delivered"`, "[1].id", 0},
		"null":                 {`null`, "[1].id", 0},
		"an outcome of none":   {fmt.Sprintf(`{"id":%q,"status":"outcome"}`, dispatch(1)), "[1].outcome", 0},
		"another system's id":  {`{"id":"legacy-4711","status":"delivered"}`, "", 1},
	} {
		receipts, ack := callback(t, false, "["+good+","+c.entry+"]")
		if len(receipts) != 1 || receipts[0].Dispatch != dispatch(0) {
			t.Errorf("%s: the good entry became %+v", name, receipts)
		}
		if ack.Foreign != c.foreign {
			t.Errorf("%s: %d foreign, want %d", name, ack.Foreign, c.foreign)
		}
		if c.fault == "" {
			if len(ack.Faults) != 0 || ack.Status != http.StatusNoContent {
				t.Errorf("%s: %+v", name, ack)
			}
			continue
		}
		if len(ack.Faults) != 1 || ack.Faults[0].Field != c.fault || ack.Status != http.StatusOK || !strings.Contains(string(ack.Body), c.fault) {
			t.Errorf("%s: %d %v %s, want a fault of %s", name, ack.Status, ack.Faults, ack.Body, c.fault)
		}
	}
}

func TestReceiptSpellings(t *testing.T) {
	at := time.Date(2026, 11, 21, 11, 0, 0, 0, time.UTC)
	for fields, want := range map[string]struct {
		code string
		at   time.Time
	}{
		`"code":30005`:                          {"30005", time.Time{}},
		`"code":"30005"`:                        {"30005", time.Time{}},
		`"code":null`:                           {"", time.Time{}},
		`"code":{"a":1}`:                        {"", time.Time{}},
		`"at":"2026-11-21T11:00:00Z"`:           {"", at},
		`"at":"2026-11-21T19:00:00+08:00"`:      {"", at},
		`"at":"2026-11-21T11:00:00"`:            {"", at},
		`"at":"2026-11-21 11:00:00"`:            {"", at},
		`"at":"20261121110000"`:                 {"", at},
		`"at":1795258800`:                       {"", at},
		`"at":1795258800000`:                    {"", at},
		`"at":"1795258800"`:                     {"", at},
		`"at":0`:                                {"", time.Unix(0, 0)},
		`"at":"yesterday"`:                      {"", time.Time{}},
		`"at":null`:                             {"", time.Time{}},
		`"at":-5`:                               {"", time.Time{}},
		`"at":1e300`:                            {"", time.Time{}},
		`"unknown":[1,2],"at":{"seconds":1795}`: {"", time.Time{}},
	} {
		receipts, ack := callback(t, false, fmt.Sprintf(`[{"id":%q,"status":"failed",%s}]`, dispatch(0), fields))
		if len(receipts) != 1 || len(ack.Faults) != 0 {
			t.Errorf("%s: %+v, %v", fields, receipts, ack.Faults)
			continue
		}
		if r := receipts[0]; r.Code != want.code || !r.At.Equal(want.at) {
			t.Errorf("%s: code %q at %v, want %q at %v", fields, r.Code, r.At, want.code, want.at)
		}
	}
}

// TestReceiptMixture mixes good, broken and foreign entries in any order. Every
// good one is taken, in its order, and every broken one is named.
func TestReceiptMixture(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var entries, want, faults []string
		foreign := 0
		for i := range rapid.IntRange(0, 30).Draw(t, "entries") {
			switch rapid.SampledFrom([]string{"good", "status", "json", "foreign"}).Draw(t, "kind") {
			case "good":
				want = append(want, dispatch(i))
				entries = append(entries, fmt.Sprintf(`{"id":%q,"status":"read","code":%d}`, dispatch(i), i))
			case "status":
				faults = append(faults, fmt.Sprintf("[%d].status", i))
				entries = append(entries, fmt.Sprintf(`{"id":%q,"status":%q}`, dispatch(i), rapid.StringMatching(`x[a-z]*`).Draw(t, "status")))
			case "json":
				faults = append(faults, fmt.Sprintf("[%d].id", i))
				entries = append(entries, rapid.SampledFrom([]string{`[]`, `1`, `true`, `"x"`, `null`}).Draw(t, "entry"))
			case "foreign":
				foreign++
				entries = append(entries, fmt.Sprintf(`{"id":%q,"status":"sent"}`, rapid.StringMatching(`[a-z0-9-]{1,20}`).Draw(t, "id")))
			}
		}
		receipts, ack := callback(t, false, "["+strings.Join(entries, ",")+"]")
		var got, named []string
		for _, r := range receipts {
			got = append(got, r.Dispatch)
		}
		for _, f := range ack.Faults {
			named = append(named, f.Field)
		}
		if fmt.Sprint(got) != fmt.Sprint(want) || fmt.Sprint(named) != fmt.Sprint(faults) || ack.Foreign != foreign {
			t.Fatalf("took %v, want %v; faults %v, want %v; foreign %d, want %d", got, want, named, faults, ack.Foreign, foreign)
		}
	})
}
