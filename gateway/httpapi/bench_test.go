package httpapi_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"touchgate.dev/gateway/httpapi"
	"touchgate.dev/gateway/internal/gatewaytest"
	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// BenchmarkStreamWithoutStores measures what the API itself costs for each
// touch of a stream: read, parse, validate, digest, decide, answer.
func BenchmarkStreamWithoutStores(b *testing.B) {
	g := &gatedIntake{open: make(chan struct{})}
	close(g.open)
	benchStream(b, g.ledger())
}

// BenchmarkStream is the same with the embedded ledger behind it.
func BenchmarkStream(b *testing.B) { benchStream(b, newFixture(b, nil).Ledger) }

func benchStream(b *testing.B, l *ledger.Ledger) {
	f := gatewaytest.NewOn(b, l)
	f.DevKey = "dev-key"
	f.Rebuild(b, nil)
	api := httpapi.New(services(f), httpapi.Options{})
	var in strings.Builder
	for i := range b.N {
		in.WriteString(body(fmt.Sprintf("k-%d", i)) + "\n")
	}
	req := httptest.NewRequest("POST", "/v1/campaigns/nov/touches", strings.NewReader(in.String()))
	req.Header.Set("Authorization", "Bearer dev-key")
	rec := httptest.NewRecorder()
	b.ReportAllocs()
	b.ResetTimer()
	api.ServeHTTP(rec, req)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "touches/s")
	if _, total := reports(b, rec.Body.Bytes()); total.Accepted != b.N {
		b.Fatalf("%+v", total)
	}
}

// BenchmarkSubmit measures the use case alone, by a chunk of 1,000.
func BenchmarkSubmit(b *testing.B) {
	g := &gatedIntake{open: make(chan struct{})}
	close(g.open)
	f := gatewaytest.NewOn(b, g.ledger())
	reqs := make([]touch.Request, touch.MaxBatch)
	for i := range reqs {
		reqs[i] = touch.Request{
			Key: fmt.Sprint(i), Customer: fmt.Sprint(i), Category: touch.Marketing, Campaign: "nov", Subject: "s",
			Plan:      []touch.Leg{{Channel: touch.Push, Content: &touch.Content{Body: "hello"}}},
			Addresses: map[touch.Channel]string{touch.Push: "device"},
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := f.Intake.Submit(context.Background(), "dev", reqs); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*len(reqs))/b.Elapsed().Seconds(), "touches/s")
}
