package httpapi_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"

	"touchgate.dev/gateway"
	"touchgate.dev/gateway/access"
	"touchgate.dev/gateway/httpapi"
	"touchgate.dev/ledger/sqlite"
	"touchgate.dev/policies"
	"touchgate.dev/policies/contactlog"
)

// ExampleNew serves the API on an embedded ledger, submits a touch and reads
// it. Without workers nobody sends it: it stays due.
func ExampleNew() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "touchgate")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	ledger, err := sqlite.Open(ctx, filepath.Join(dir, "ledger.db"), sqlite.Options{})
	if err != nil {
		panic(err)
	}
	defer ledger.Close()
	guard := policies.NewGuard(contactlog.NewModel(), nil) // without policies: everything may be sent
	intake, err := gateway.New(gateway.Options{Ledger: ledger, Guard: guard})
	if err != nil {
		panic(err)
	}
	keys := access.NewKeys(access.KeyOptions{Store: ledger.Keys})
	key, _, err := keys.Create(ctx, access.CommandLine, "strategy-engine", []string{"submit", "read"})
	if err != nil {
		panic(err)
	}
	server := httptest.NewServer(httpapi.New(httpapi.Services{Intake: intake, Keys: keys, Ledger: ledger}, httpapi.Options{}))
	defer server.Close()

	call := func(method, path, body string) (status int, touch map[string]any) {
		req, _ := http.NewRequestWithContext(ctx, method, server.URL+path, strings.NewReader(body))
		req.Header.Set("Authorization", "Bearer "+key)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			panic(err)
		}
		defer res.Body.Close()
		data, _ := io.ReadAll(res.Body)
		_ = json.Unmarshal(data, &touch)
		return res.StatusCode, touch
	}
	status, submitted := call("POST", "/v1/touches", `{
		"key": "statement-2026-11", "customer": "c1", "category": "service",
		"plan": [{"channel": "sms", "content": {"body": "Your statement is ready."}}],
		"addresses": {"sms": "+8613800000000"}
	}`)
	fmt.Println(status, submitted["state"])

	status, read := call("GET", "/v1/touches/"+submitted["id"].(string), "")
	fmt.Println(status, read["customer"], read["state"])
	// Output:
	// 202 due
	// 200 c1 due
}
