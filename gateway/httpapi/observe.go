package httpapi

import (
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"

	"touchgate.dev/touch"
)

// What the middleware keeps in gin's context.
const (
	keyRequestID = "request_id"
	keyRoute     = "route"
	keyError     = "error"
	keyCaller    = "caller"
)

type httpMetrics struct {
	seconds  *prometheus.HistogramVec
	inFlight prometheus.Gauge
	bites    *prometheus.CounterVec
}

// bite counts that a limit has refused or ended something.
func (m *httpMetrics) bite(limit string) { m.bites.WithLabelValues(limit).Inc() }

func newHTTPMetrics(r prometheus.Registerer) *httpMetrics {
	m := &httpMetrics{
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "touchgate_http_request_duration_seconds",
			Help:    "Duration of HTTP requests, by route pattern, method and status.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10, 60},
		}, []string{"route", "method", "code"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "touchgate_http_requests_in_flight",
			Help: "HTTP requests being served.",
		}),
		bites: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "touchgate_http_limited_total",
			Help: "Requests that a limit has refused or ended: bodies, answers, streams, app_streams, ratio, faults, simulations, reader.",
		}, []string{"limit"}),
	}
	for _, limit := range []string{"bodies", "answers", "streams", "app_streams", "ratio", "faults", "simulations", "reader"} {
		m.bites.WithLabelValues(limit)
	}
	if r != nil {
		r.MustRegister(m.seconds, m.inFlight, m.bites)
	}
	return m
}

// observe gives each request an id, counts it and logs one line about it. The
// line has the route's pattern and never the path, which may name a customer.
func (co *core) observe(c *gin.Context) {
	start := time.Now() // a duration is measured by the real clock
	id := c.GetHeader("X-Request-Id")
	if !isRequestID(id) {
		id = strings.ToLower(rand.Text())
	}
	c.Set(keyRequestID, id)
	c.Header("X-Request-Id", id)
	c.Header("X-Content-Type-Options", "nosniff")
	c.Header("Cache-Control", "no-store")
	co.metrics.inFlight.Inc()
	defer co.metrics.inFlight.Dec()
	co.limitTime(c)
	c.Next()

	took := time.Since(start)
	status := c.Writer.Status()
	route := c.GetString(keyRoute)
	method := c.Request.Method
	if route == "" { // paths of strangers must not become labels
		route = "none"
		method = "any"
	}
	co.metrics.seconds.WithLabelValues(route, method, strconv.Itoa(status)).Observe(took.Seconds())

	// When the client hung up, an error of ours reached nobody.
	level := slog.LevelInfo
	if status >= 500 && c.Request.Context().Err() == nil {
		level = slog.LevelError
	}
	attrs := []slog.Attr{
		slog.String("request_id", id),
		slog.String("method", method),
		slog.String("route", route),
		slog.Int("status", status),
		slog.Duration("took", took),
		slog.Int("bytes", max(c.Writer.Size(), 0)),
		slog.String("caller", c.GetString(keyCaller)),
	}
	if err, ok := c.Get(keyError); ok {
		attrs = append(attrs, slog.Any("error", err))
	}
	co.log.LogAttrs(c.Request.Context(), level, "http", attrs...)
}

// limitTime gives a request the deadlines that hold until its handler sets
// others. A body that nobody has asked for yet, because nobody knows who sends
// it, gets almost no time: to wait for its end would cost a connection.
func (co *core) limitTime(c *gin.Context) {
	response := http.NewResponseController(c.Writer)
	now := time.Now()
	if c.Request.Body != nil && c.Request.Body != http.NoBody {
		_ = response.SetReadDeadline(now.Add(grace))
	}
	_ = response.SetWriteDeadline(now.Add(co.limits.Timeout + co.limits.Write))
}

const requestIDCharacters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_."

// isRequestID reports whether a client's request id may be logged as it is.
func isRequestID(id string) bool {
	return len(id) >= 8 && len(id) <= 64 && strings.Trim(id, requestIDCharacters) == ""
}

func requestID(c *gin.Context) string { return c.GetString(keyRequestID) }

// logError keeps an error for the request's log line, with its cause:
// touch.Error's own text leaves the cause of an outage out.
func logError(c *gin.Context, err error) {
	text := err.Error()
	var e *touch.Error
	if errors.As(err, &e) && e.Cause != nil {
		text += ": " + e.Cause.Error()
	}
	c.Set(keyError, text)
}
