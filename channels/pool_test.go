package channels

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.yaml.in/yaml/v3"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/touch"
)

func provider(name string, weight int, a adapter.Adapter, needsAddress bool) *Provider {
	return NewProvider(ProviderConfig{Name: name, Channel: touch.SMS, Weight: weight, Breaker: BreakerConfig{Consecutive: 1}},
		a, adapter.Capabilities{NeedsAddress: needsAddress}, Options{})
}

func TestChooseByWeight(t *testing.T) {
	dice := rand.New(rand.NewPCG(1, 1))
	ok := class(touch.ResultAccepted)
	p := NewPool([]*Provider{provider("a", 3, ok, true), provider("b", 1, ok, true), provider("spare", 0, ok, true)}, Options{Rand: dice.Float64})
	got := map[string]int{}
	for range 4000 {
		name, ok, _ := p.Choose(touch.SMS, adapter.Dispatch{Address: "x"}, nil)
		if !ok {
			t.Fatal("nobody was chosen")
		}
		got[name]++
	}
	if got["a"] < 2850 || got["a"] > 3150 || got["spare"] != 0 {
		t.Errorf("shares of 4000 at 3:1 with a spare: %v", got)
	}
}

// When every weighted provider is ill, the spare one serves, and then nobody.
func TestChooseFailsOver(t *testing.T) {
	bad, good := class(touch.ResultRetryable), class(touch.ResultAccepted)
	p := NewPool([]*Provider{provider("a", 3, bad, true), provider("spare", 0, good, true)}, Options{})
	d := adapter.Dispatch{Address: "x"}
	p.Send(t.Context(), "a", dispatches(1))
	if name, ok, _ := p.Choose(touch.SMS, d, nil); !ok || name != "spare" {
		t.Errorf("with a ill: %q %v", name, ok)
	}
	if _, ok, r := p.Choose(touch.SMS, d, []string{"spare"}); ok || r.Class != touch.ResultRetryable || r.Reason != touch.ReasonBreaker || r.RetryAfter <= 0 || !r.NoAttempt {
		t.Errorf("with a ill and spare excluded: %+v", r)
	}
	if _, ok, r := p.Choose(touch.SMS, adapter.Dispatch{}, nil); ok || r.Class != touch.ResultRejected || r.Reason != touch.ReasonBadTarget {
		t.Errorf("without an address: %+v", r)
	}
	if _, ok, r := p.Choose(touch.Push, d, nil); ok || r.Class != touch.ResultMisconfigured || r.Reason != touch.ReasonNoProvider {
		t.Errorf("a channel that nobody serves: %+v", r)
	}
}

// The rate of a channel is that of those who would be chosen.
func TestRateOfAChannel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limited := func(name string, weight int, rate float64, c touch.ResultClass) *Provider {
			return NewProvider(ProviderConfig{Name: name, Channel: touch.SMS, Weight: weight, Rate: rate, Breaker: BreakerConfig{Consecutive: 1}},
				class(c), adapter.Capabilities{}, Options{})
		}
		p := NewPool([]*Provider{
			limited("a", 3, 30, touch.ResultAccepted), limited("b", 1, 20, touch.ResultRetryable), limited("spare", 0, 5, touch.ResultAccepted),
		}, Options{})
		expect := func(want float64, when string, exclude ...string) {
			t.Helper()
			if got := p.Rate(touch.SMS, exclude); got != want {
				t.Errorf("%s: %v a second, want %v", when, got, want)
			}
		}
		expect(50, "all are well")
		expect(20, "one is stopped", "a")
		p.Send(t.Context(), "b", dispatches(1))
		expect(30, "a breaker is open")
		expect(5, "only the one that stands by is left", "a")
		expect(55, "nobody is left", "a", "spare")
		time.Sleep(16 * time.Second)
		expect(30, "one has to prove itself")
		if got := p.Rate(touch.Push, nil); got != 0 {
			t.Errorf("a channel that nobody serves: %v", got)
		}
		p = NewPool([]*Provider{limited("a", 1, 30, touch.ResultAccepted), limited("free", 1, 0, touch.ResultRetryable)}, Options{})
		expect(0, "one has no limit")
		p.Send(t.Context(), "free", dispatches(1))
		expect(30, "the one without a limit is ill")
	})
}

// A provider that comes back proves itself with one message a second, while
// the others go elsewhere.
func TestChooseProbesGently(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := class(touch.ResultRetryable)
		p := NewPool([]*Provider{provider("a", 3, f, true), provider("spare", 0, class(touch.ResultAccepted), true)}, Options{})
		p.Send(t.Context(), "a", dispatches(1))
		chosen := func() (n int) {
			for range 100 {
				if name, ok, _ := p.Choose(touch.SMS, adapter.Dispatch{Address: "x"}, nil); !ok {
					t.Fatal("nobody was chosen")
				} else if name == "a" {
					n++
				}
			}
			return n
		}
		if n := chosen(); n != 0 {
			t.Errorf("chosen %d times while open", n)
		}
		time.Sleep(16 * time.Second)
		if n := chosen(); n != 1 {
			t.Errorf("chosen %d times while half open", n)
		}
		time.Sleep(time.Second)
		if n := chosen(); n != 1 {
			t.Errorf("chosen %d times a second later", n)
		}
		f.answer = func(context.Context, adapter.Dispatch) touch.Result { return touch.Result{Class: touch.ResultAccepted} }
		p.Send(t.Context(), "a", dispatches(1))
		if n := chosen(); n != 100 {
			t.Errorf("chosen %d times when well again", n)
		}
	})
}

// Segments that come together go out one after the other, an urgent one at once.
func TestBulkSegmentsTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := &fake{answer: func(context.Context, adapter.Dispatch) touch.Result {
			time.Sleep(time.Second)
			return touch.Result{Class: touch.ResultAccepted}
		}}
		p := pool(ProviderConfig{Concurrency: 8}, slow, adapter.Capabilities{}) // one of them kept for urgent ones
		start := time.Now()
		var ends [3]time.Duration
		var all sync.WaitGroup
		for i := range ends {
			all.Go(func() { p.Send(t.Context(), "p", dispatches(21)); ends[i] = time.Since(start) })
			synctest.Wait()
		}
		urgent := dispatches(2)
		for i := range urgent {
			urgent[i].Urgent = true
		}
		p.Send(t.Context(), "p", urgent)
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("the urgent ones took %s", took)
		}
		all.Wait()
		for i, want := range []time.Duration{3 * time.Second, 6 * time.Second, 9 * time.Second} {
			if ends[i] > want {
				t.Errorf("segment %d ended after %s, want %s", i, ends[i], want)
			}
		}
	})
}

// A segment whose context ends while it waits for its turn sends nothing more.
func TestTurnEndsWithContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := &fake{answer: func(ctx context.Context, _ adapter.Dispatch) touch.Result {
			<-ctx.Done()
			return touch.Result{}
		}}
		p := pool(ProviderConfig{Concurrency: 2}, hang, adapter.Capabilities{})
		var first sync.WaitGroup
		first.Go(func() { p.Send(t.Context(), "p", dispatches(3)) })
		synctest.Wait()
		begun := hang.calls.Load()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		for _, r := range p.Send(ctx, "p", dispatches(3)) {
			if r.Class != touch.ResultRetryable || !r.NoAttempt {
				t.Errorf("got %+v", r)
			}
		}
		if n := hang.calls.Load(); n != begun {
			t.Errorf("%d calls were made after the context had ended", n-begun)
		}
		first.Wait()
	})
}

// vendorConfig is what an adapter in these tests may be told.
type vendorConfig struct {
	URL    string         `yaml:"url" validate:"required,http_url"`
	Secret adapter.Secret `yaml:"secret"`
	Wait   touch.Duration `yaml:"wait"`
	Nested struct {
		Size int `yaml:"size" validate:"max=10"`
	} `yaml:"nested"`
}

func registry(into **vendorConfig) Registry {
	return NewRegistry(adapter.Factory{
		Name: "test", Channel: touch.SMS,
		Config:       func() any { return &vendorConfig{Wait: 7} },
		Capabilities: func(any) adapter.Capabilities { return adapter.Capabilities{MaxBatch: 3} },
		New: func(c any, _ adapter.Options) (adapter.Adapter, error) {
			*into = c.(*vendorConfig)
			if (*into).Secret == "bad" {
				return nil, touch.Errorf(touch.Invalid, "secret", "is not one")
			}
			return class(touch.ResultAccepted), nil
		},
	})
}

func parse(t *testing.T, text string) []ProviderConfig {
	t.Helper()
	var cfgs []ProviderConfig
	if err := yaml.Unmarshal([]byte(text), &cfgs); err != nil {
		t.Fatal(err)
	}
	return cfgs
}

func TestOpen(t *testing.T) {
	var got *vendorConfig
	p, err := registry(&got).Open(parse(t, `
- {name: a, adapter: test, weight: 2, rate: 5, timeout: 3s, config: {url: "https://v.example", nested: {size: 4}}}`), adapter.Options{}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got.URL != "https://v.example" || got.Wait != 7 || got.Nested.Size != 4 {
		t.Errorf("decoded over the defaults: %+v", got)
	}
	if caps, ok := p.Capabilities("a"); !ok || caps.MaxBatch != 3 || p.Status()[0].Channel != touch.SMS {
		t.Errorf("%+v", p.Status())
	}
}

func TestOpenReportsEveryFault(t *testing.T) {
	var got *vendorConfig
	reg := prometheus.NewRegistry()
	_, err := registry(&got).Open(parse(t, `
- name: a
  adapter: test
  weight: -1
  config:
    url: "https://v.example"
    sekret: hunter2
    wait: hunter3
- {name: a, adapter: nothing}
- {name: "b/c", adapter: test, channel: push, config: {url: ftp, nested: {size: 11}}}
- {name: d, adapter: test, config: {url: "https://v.example", secret: bad}}
`), adapter.Options{}, Options{Metrics: reg})
	if touch.ClassOf(err) != touch.Invalid {
		t.Fatalf("got %v", err)
	}
	for _, want := range []string{
		"providers[0].weight", "providers[0].config.sekret: line 7", "providers[0].config.wait: line 8",
		"providers[1].name", "providers[1].adapter", "providers[2].name", "providers[2].channel",
		"providers[2].config.url", "providers[2].config.nested.size", "providers[3].config.secret",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not reported in:\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), "hunter") {
		t.Errorf("a value is quoted in:\n%v", err)
	}
	if many, ok := err.(interface{ Unwrap() []error }); !ok || len(many.Unwrap()) != 10 {
		t.Errorf("%d faults", strings.Count(err.Error(), "\n")+1)
	}
	if families, _ := reg.Gather(); len(families) != 0 {
		t.Error("a configuration with faults left metrics behind")
	}
	var e *touch.Error
	if !errors.As(err, &e) {
		t.Error("no touch.Error")
	}
}

func TestDuplicateFactoryPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("two factories of one name were taken")
		}
	}()
	f := adapter.Factory{Name: "x"}
	NewRegistry(f, f)
}

func TestSecretsDontPrint(t *testing.T) {
	s := adapter.Secret("hunter2")
	b, err := s.MarshalText()
	if err != nil || strings.Contains(string(b)+s.String()+s.GoString()+s.LogValue().String(), "hunter") {
		t.Error("a secret shows itself")
	}
}
