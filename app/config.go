package app

import (
	"time"

	"touchgate.dev/channels"
	"touchgate.dev/channels/adapter"
	"touchgate.dev/gateway/feed"
	"touchgate.dev/touch"
)

// Config is a whole configuration. A Config that LoadConfig has returned is
// complete and valid. Do not change it any more: it is read concurrently.
type Config struct {
	// Listen is the address of the HTTP server of the gateway role.
	Listen string `yaml:"listen" validate:"required,hostname_port"`
	// Metrics is the address on which roles without a gateway serve /healthz,
	// /readyz and /metrics; empty means that they do not.
	Metrics string `yaml:"metrics" validate:"omitempty,hostname_port"`
	// PublicURL is the address at which vendors reach us. The signatures of
	// receipts are verified against it.
	PublicURL string `yaml:"public_url" validate:"omitempty,http_url"`
	// Role names the parts that this process runs.
	Role Role `yaml:"role" validate:"oneof=all gateway worker feeder"`
	// Data is the folder of embedded stores.
	Data      string                    `yaml:"data"`
	Ledger    LedgerConfig              `yaml:"ledger"`
	Redis     RedisConfig               `yaml:"redis"`
	Providers []channels.ProviderConfig `yaml:"providers"`
	Policies  PoliciesConfig            `yaml:"policies"`
	// AppSecret signs the tokens of customers and managers; at least 32
	// characters. Without one the gateway makes a fresh one at each start.
	AppSecret adapter.Secret `yaml:"app_secret" validate:"omitempty,min=32"`
	// PhoneRegion is the ISO 3166 code of the country whose telephone numbers may
	// come without a country code, such as CN. Empty: every number needs one.
	PhoneRegion string         `yaml:"phone_region"`
	Webhooks    WebhooksConfig `yaml:"webhooks"`
	Workers     WorkersConfig  `yaml:"workers"`
	Limits      LimitsConfig   `yaml:"limits"`
	// Retention says how long finished touches and their history are kept.
	Retention RetentionConfig `yaml:"retention"`
	Log       LogConfig       `yaml:"log"`
}

// Role names the parts that a process runs.
type Role string

// The roles. RoleAll runs everything in one process.
const (
	RoleAll     Role = "all"
	RoleGateway Role = "gateway" // the HTTP API
	RoleWorker  Role = "worker"  // delivers the segments of the lanes
	RoleFeeder  Role = "feeder"  // feeder, reconciler, webhooks, retention

	// RoleFront runs everything but delivery. The demo uses it beside its
	// worker processes; it cannot be configured.
	RoleFront Role = "front"
)

// Gateway reports whether the role serves the API.
func (r Role) Gateway() bool { return r == RoleAll || r == RoleGateway || r == RoleFront }

// Worker reports whether the role delivers.
func (r Role) Worker() bool { return r == RoleAll || r == RoleWorker }

// Feeder reports whether the role feeds lanes and does the periodic work.
func (r Role) Feeder() bool { return r == RoleAll || r == RoleFeeder || r == RoleFront }

// LedgerConfig says which database holds the ledger.
type LedgerConfig struct {
	Driver string `yaml:"driver" validate:"oneof=sqlite postgres"`
	// Path is the SQLite file; empty means touchgate.db in the data folder.
	Path string `yaml:"path"`
	// DSN is the PostgreSQL connection string.
	DSN adapter.Secret `yaml:"dsn" validate:"required_if=Driver postgres"`
}

// RedisConfig says which Redis holds the queue and the contact log.
type RedisConfig struct {
	// Mode is embedded (in this process), single (one server) or cluster.
	Mode      string         `yaml:"mode" validate:"oneof=embedded single cluster"`
	Addresses []string       `yaml:"addresses" validate:"required_unless=Mode embedded,dive,required"` // host:port or a socket's path
	Username  string         `yaml:"username"`
	Password  adapter.Secret `yaml:"password"`
	DB        int            `yaml:"db" validate:"min=0,max=1000"`
	TLS       bool           `yaml:"tls"`
}

// PoliciesConfig says which policies apply until people have activated others
// over the API.
type PoliciesConfig struct {
	// Dir is a folder of policy documents. They are activated at the start if
	// they differ from the ledger's active set. Empty means that only the
	// ledger's set applies.
	Dir string `yaml:"dir" validate:"omitempty,dir"`
}

// WebhooksConfig limits the calls to callers' webhooks.
type WebhooksConfig struct {
	Timeout touch.Duration `yaml:"timeout" validate:"min=100000000,max=60000000000"`
	// Allow names what may be called beside the public internet: networks,
	// addresses, host names, and *.suffix for the names below one.
	Allow []string `yaml:"allow"`
	// PerCaller is how many webhooks one caller may have.
	PerCaller int `yaml:"per_caller" validate:"min=1,max=10000"`
}

// WorkersConfig limits what one worker process does at once.
type WorkersConfig struct {
	// Urgent and Bulk are how many segments of one lane are delivered at once.
	Urgent int `yaml:"urgent" validate:"min=1,max=500"`
	Bulk   int `yaml:"bulk" validate:"min=1,max=500"`
	// Drain is how long a stopping process waits for what is in delivery.
	Drain touch.Duration `yaml:"drain" validate:"min=0"`
}

// RetentionConfig says how long finished touches and their history are kept; 0
// means for ever. What the active policies still look back at is kept, too.
type RetentionConfig struct {
	// Touches includes their contacts and their items on our own channels.
	Touches touch.Duration `yaml:"touches" validate:"min=0"`
	// Journal is all events. It is at least as long as Touches.
	Journal touch.Duration `yaml:"journal" validate:"min=0"`
}

// LogConfig says how much is logged, and in which format.
type LogConfig struct {
	Level  string `yaml:"level" validate:"oneof=debug info warn error"`
	Format string `yaml:"format" validate:"oneof=text json"`
}

// DefaultConfig returns the defaults: one process, everything embedded, on
// loopback.
func DefaultConfig() Config {
	return Config{
		Listen:   "127.0.0.1:8080",
		Role:     RoleAll,
		Data:     "touchgate-data",
		Ledger:   LedgerConfig{Driver: "sqlite"},
		Redis:    RedisConfig{Mode: "embedded"},
		Webhooks: WebhooksConfig{Timeout: touch.Duration(10 * time.Second), PerCaller: feed.DefaultMaxWebhooks},
		Workers:  WorkersConfig{Urgent: 32, Bulk: 8, Drain: touch.Duration(25 * time.Second)},
		Limits:   defaultLimits(),
		Log:      LogConfig{Level: "info", Format: "text"},
	}
}
