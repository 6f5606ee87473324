package app

import (
	"time"

	"touchgate.dev/gateway/httpapi"
	"touchgate.dev/touch"
)

// LimitsConfig limits what callers, and strangers, may ask of one process.
type LimitsConfig struct {
	MaxFuture touch.Duration `yaml:"max_future" validate:"min=1000"` // how far ahead a touch may be scheduled

	// Of one request.
	MaxBody         int64          `yaml:"max_body" validate:"min=1024"`               // bytes, if it is not a stream
	MaxRatio        int            `yaml:"max_ratio" validate:"min=2,max=1000"`        // by which gzip may expand
	MaxPage         int            `yaml:"max_page" validate:"min=4096"`               // bytes of a page of a list
	MaxFaults       int            `yaml:"max_faults" validate:"min=1"`                // wrong lines of a stream, if a tenth of all
	RequestTimeout  touch.Duration `yaml:"request_timeout" validate:"min=1000000000"`  // if it is not a stream
	CallbackTimeout touch.Duration `yaml:"callback_timeout" validate:"min=1000000000"` // of the body of a vendor's callback
	IdleTimeout     touch.Duration `yaml:"idle_timeout" validate:"min=1000000000"`     // of a stream without lines, and of a connection
	WriteTimeout    touch.Duration `yaml:"write_timeout" validate:"min=1000000000"`    // of a client that reads nothing

	// Of all requests at once.
	MaxBodies          int64 `yaml:"max_bodies" validate:"min=1048576"`  // bytes of bodies
	MaxAnswers         int64 `yaml:"max_answers" validate:"min=1048576"` // bytes of large answers
	MaxConnections     int   `yaml:"max_connections" validate:"min=16"`
	MaxStreams         int   `yaml:"max_streams" validate:"min=1"`          // streams and waiting requests of one key
	MaxCustomerStreams int   `yaml:"max_customer_streams" validate:"min=1"` // inbox streams of one customer
	MaxAppStreams      int   `yaml:"max_app_streams" validate:"min=1"`      // inbox streams of all customers
}

func defaultLimits() LimitsConfig {
	return LimitsConfig{
		MaxFuture:          touch.Duration(400 * 24 * time.Hour),
		MaxBody:            4 << 20,
		MaxRatio:           100,
		MaxPage:            1 << 20,
		MaxFaults:          1000,
		RequestTimeout:     touch.Duration(30 * time.Second),
		CallbackTimeout:    touch.Duration(10 * time.Second),
		IdleTimeout:        touch.Duration(time.Minute),
		WriteTimeout:       touch.Duration(10 * time.Second),
		MaxBodies:          32 << 20,
		MaxAnswers:         32 << 20,
		MaxConnections:     4096,
		MaxStreams:         16,
		MaxCustomerStreams: 3,
		MaxAppStreams:      2000,
	}
}

// http returns the limits as the API takes them.
func (l *LimitsConfig) http() httpapi.Limits {
	return httpapi.Limits{
		Body:     l.MaxBody,
		Ratio:    l.MaxRatio,
		Page:     l.MaxPage,
		Faults:   l.MaxFaults,
		Timeout:  l.RequestTimeout.Std(),
		Stranger: l.CallbackTimeout.Std(),
		Idle:     l.IdleTimeout.Std(),
		Write:    l.WriteTimeout.Std(),
		Bodies:   l.MaxBodies,
		Answers:  l.MaxAnswers,
		Streams:  l.MaxStreams,
	}
}
