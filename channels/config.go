package channels

import (
	"runtime"
	"time"

	"go.yaml.in/yaml/v3"

	"touchgate.dev/touch"
)

// ProviderConfig is one provider in the operator's words.
type ProviderConfig struct {
	// Name is the provider's own name; receipts arrive under it.
	Name string `yaml:"name" validate:"required,max=64,printascii,excludesall=/ "`
	// Adapter is the name of a registered factory, for example "sms/http".
	Adapter string `yaml:"adapter" validate:"required,max=64"`
	// Channel defaults to the factory's; it must be given where the factory serves any.
	Channel touch.Channel `yaml:"channel" validate:"omitempty,channel"`
	// Weight is the share of traffic among the channel's healthy providers.
	// One of weight 0 stands by: it is used when no weighted one is healthy.
	Weight int `yaml:"weight" validate:"min=0,max=1000000"`
	// Rate is messages per second; 0 is no limit.
	Rate float64 `yaml:"rate" validate:"min=0"`
	// Burst is how many messages may go at once within Rate; 0 is a quarter
	// of a second's worth, or one batch where that is more.
	Burst int `yaml:"burst" validate:"min=0"`
	// Timeout bounds one call to the vendor; 0 is 10 s.
	Timeout touch.Duration `yaml:"timeout" validate:"min=0"`
	// Concurrency is the most calls at once; 0 is 64. An eighth of it is kept
	// for transactional messages.
	Concurrency int           `yaml:"concurrency" validate:"min=0,max=10000"`
	Breaker     BreakerConfig `yaml:"breaker"`
	// Config is the adapter's own part, decoded by Registry.Open.
	Config yaml.Node `yaml:"config" validate:"-"`
}

// BreakerConfig says when a provider is given a rest. Zero fields take the
// defaults beside them.
type BreakerConfig struct {
	Window      touch.Duration `yaml:"window" validate:"min=0"`         // what is looked back on: 30 s
	Ratio       float64        `yaml:"ratio" validate:"min=0,max=1"`    // share of failures that opens it: 0.5
	Minimum     int            `yaml:"minimum" validate:"min=0"`        // calls in the window before the ratio counts: 20
	Consecutive int            `yaml:"consecutive" validate:"min=0"`    // failures in a row that open it: 20
	Open        touch.Duration `yaml:"open" validate:"min=0"`           // how long it stays open: 15 s
	Probes      int            `yaml:"probes" validate:"min=0,max=100"` // successes that close it again: 1
}

func (b BreakerConfig) withDefaults() BreakerConfig {
	b.Window = orDefault(b.Window, touch.Duration(30*time.Second))
	b.Ratio = orDefault(b.Ratio, 0.5)
	b.Minimum = orDefault(b.Minimum, 20)
	b.Consecutive = orDefault(b.Consecutive, 20)
	b.Open = orDefault(b.Open, touch.Duration(15*time.Second))
	b.Probes = orDefault(b.Probes, 1)
	return b
}

func (c ProviderConfig) withDefaults(maxBatch int) ProviderConfig {
	c.Timeout = orDefault(c.Timeout, touch.Duration(10*time.Second))
	c.Concurrency = orDefault(c.Concurrency, 64)
	c.Burst = orDefault(c.Burst, max(1, int(c.Rate/4), maxBatch))
	c.Breaker = c.Breaker.withDefaults()
	return c
}

func orDefault[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// localConcurrency suits adapters that answer from our own process: more calls
// at once than processors only queue up inside the store.
func localConcurrency() int { return 4 * runtime.GOMAXPROCS(0) }
