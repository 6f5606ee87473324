package httpapi

import (
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"

	"touchgate.dev/gateway"
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
}

func newHTTPMetrics(r prometheus.Registerer) *httpMetrics {
	m := &httpMetrics{
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "touchgate_http_request_duration_seconds",
			Help:    "Duration of HTTP requests, by route pattern, method and status.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10, 60},
		}, []string{"route", "method", "code"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "touchgate_http_requests_in_flight", Help: "HTTP requests being served.",
		}),
	}
	if r != nil {
		r.MustRegister(m.seconds, m.inFlight)
	}
	return m
}

// observe names the request, counts it and logs one line of it. The line has
// the route's pattern and never the path, which may name a customer.
func (a *api) observe(c *gin.Context) {
	start := time.Now() // a duration is of the real clock
	id := c.GetHeader("X-Request-Id")
	if !goodRequestID(id) {
		id = strings.ToLower(rand.Text())
	}
	c.Set(keyRequestID, id)
	c.Header("X-Request-Id", id)
	c.Header("X-Content-Type-Options", "nosniff")
	c.Header("Cache-Control", "no-store")
	a.metrics.inFlight.Inc()
	defer a.metrics.inFlight.Dec()
	c.Next()

	took, status := time.Since(start), c.Writer.Status()
	route, method := c.GetString(keyRoute), c.Request.Method
	if route == "" {
		route, method = "none", "any" // strangers must not fill the metrics
	}
	a.metrics.seconds.WithLabelValues(route, method, strconv.Itoa(status)).Observe(took.Seconds())
	level := slog.LevelInfo
	if status >= 500 && c.Request.Context().Err() == nil { // who hung up heard no error of ours
		level = slog.LevelError
	}
	line := []slog.Attr{
		slog.String("request_id", id), slog.String("method", method), slog.String("route", route), slog.Int("status", status),
		slog.Duration("took", took), slog.Int("bytes", max(c.Writer.Size(), 0)), slog.String("caller", c.GetString(keyCaller)),
	}
	if err, ok := c.Get(keyError); ok {
		line = append(line, slog.Any("error", err))
	}
	a.log.LogAttrs(c.Request.Context(), level, "http", line...)
}

func goodRequestID(id string) bool {
	return len(id) >= 8 && len(id) <= 64 && strings.Trim(id, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_.") == ""
}

func requestID(c *gin.Context) string { return c.GetString(keyRequestID) }

// noteError keeps an error for the request's log line. What it wraps goes
// along, since Error's own text leaves the cause of an outage out.
func noteError(c *gin.Context, err error) {
	text := err.Error()
	var e *touch.Error
	if errors.As(err, &e) && e.Cause != nil {
		text += ": " + e.Cause.Error()
	}
	c.Set(keyError, text)
}

// recover turns a panic into a 500. http.ErrAbortHandler passes: it means to
// cut the connection.
func (a *api) recover(c *gin.Context) {
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
			panic(p)
		}
		a.logPanic(requestID(c), p)
		if !c.Writer.Written() {
			a.refuse(c, touch.Errorf(touch.Internal, "", "panic"))
		}
	}()
	c.Next()
}

// logPanic keeps the kind of a panic and where it happened; its value may hold
// a customer's data.
func (a *api) logPanic(requestID string, p any) {
	a.log.Error("panic", slog.String("request_id", requestID), slog.String("panic", fmt.Sprintf("%T", p)), slog.String("stack", string(debug.Stack())))
}

// access says who may use a route.
type access struct {
	scope  gateway.Scope // of an API key
	aud    string        // or the audience of a token
	public bool
}

// authenticate finds out who asks, and whether they may.
func (a *api) authenticate(c *call, who access) error {
	if who.public {
		return nil
	}
	bearer, ok := strings.CutPrefix(c.GetHeader("Authorization"), "Bearer ")
	if !ok {
		return touch.Errorf(touch.Unauthenticated, "", "send an Authorization: Bearer header")
	}
	if who.aud != "" {
		token, err := a.svc.ReadToken(bearer, who.aud)
		c.token = token
		return err
	}
	p, err := a.svc.Authenticate(c.Request.Context(), bearer)
	if err != nil {
		return err
	}
	if !p.May(who.scope) {
		return touch.Errorf(touch.Forbidden, "", "the API key lacks the scope %q", who.scope)
	}
	c.principal = p
	c.Set(keyCaller, p.Caller)
	return nil
}
