package channels

import (
	"crypto/tls"
	"net"
	"net/http"
	"time"
)

// NewTransport is the transport that all adapters share: many kept
// connections to few hosts, no proxy from the environment (a bank configures
// its egress, it does not inherit it), and bounds on everything that comes
// before the call's own timeout matters. The caller closes its idle
// connections at the end.
func NewTransport() *http.Transport {
	dialer := &net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Transport{
		DialContext:            dialer.DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    5 * time.Second,
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           4096,
		MaxIdleConnsPerHost:    1024,
		IdleConnTimeout:        90 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
		DisableCompression:     true, // answers are short
	}
}
