package app

import (
	"container/list"
	"context"
	"net"
	"net/http"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// connections bounds the open connections of an HTTP server. When there are too
// many, it closes the one that has been quiet longest: without a request, or
// with one whose head has not come yet. So strangers who open connections and
// leave them keep nobody out. (netutil.LimitListener would let everybody wait
// behind them, also the probes.) It is safe for concurrent use.
type connections struct {
	limit  int
	open   prometheus.Gauge
	closed prometheus.Counter

	mu    sync.Mutex
	all   int
	quiet *list.List // of *connection, the one that has been quiet longest first
}

// writeBuffer is how much of an answer the kernel keeps for a client who does
// not read. By itself it keeps up to 4 MB, which counts as this process's.
const writeBuffer = 128 << 10

// connection is one connection of the server.
type connection struct {
	*net.TCPConn // also for CloseWrite, which the server uses
	of           *connections
	place        *list.Element // in quiet; nil while a request is served
	gone         bool
}

func newConnections(limit int, metrics prometheus.Registerer) *connections {
	c := &connections{
		limit: limit,
		open: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "touchgate_http_connections",
			Help: "Open connections.",
		}),
		closed: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "touchgate_http_connections_closed_total",
			Help: "Connections that were closed because there were too many.",
		}),
		quiet: list.New(),
	}
	metrics.MustRegister(c.open, c.closed)
	return c
}

// listener returns a listener whose connections are counted.
func (c *connections) listener(l net.Listener) net.Listener { return &countedListener{l, c} }

type countedListener struct {
	net.Listener
	connections *connections
}

// Accept implements net.Listener.
func (l *countedListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return conn, nil // no listener of ours
	}
	_ = tcp.SetWriteBuffer(writeBuffer)
	return l.connections.add(tcp), nil
}

func (c *connections) add(tcp *net.TCPConn) *connection {
	c.mu.Lock()
	conn := &connection{TCPConn: tcp, of: c}
	conn.place = c.quiet.PushBack(conn)
	c.all++
	var oldest *connection
	if c.all > c.limit {
		oldest = c.quiet.Front().Value.(*connection)
	}
	c.open.Set(float64(c.all))
	c.mu.Unlock()
	if oldest != nil {
		c.closed.Inc()
		oldest.Close()
	}
	return conn
}

// Close implements net.Conn.
func (c *connection) Close() error {
	c.of.mu.Lock()
	if !c.gone {
		c.gone = true
		c.of.all--
		c.of.open.Set(float64(c.of.all))
		c.leaveQuiet()
	}
	c.of.mu.Unlock()
	return c.TCPConn.Close()
}

func (c *connection) leaveQuiet() {
	if c.place != nil {
		c.of.quiet.Remove(c.place)
		c.place = nil
	}
}

type connectionKey struct{}

// context is the server's ConnContext: a request finds its connection by it.
func (*connections) context(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connectionKey{}, c)
}

// handler returns a handler that counts its connection as busy while it runs.
func (c *connections) handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if conn, ok := r.Context().Value(connectionKey{}).(*connection); ok {
			c.busy(conn)
			defer c.rest(conn)
		}
		next.ServeHTTP(w, r)
	})
}

func (c *connections) busy(conn *connection) {
	c.mu.Lock()
	defer c.mu.Unlock()
	conn.leaveQuiet()
}

func (c *connections) rest(conn *connection) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !conn.gone {
		conn.place = c.quiet.PushBack(conn)
	}
}
