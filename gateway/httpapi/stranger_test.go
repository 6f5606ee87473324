package httpapi_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// patience is how long a test waits for what should come at once.
const patience = 10 * time.Second

// gzipped returns a text compressed as well as it can be.
func gzipped(text string) []byte {
	var z bytes.Buffer
	w, _ := gzip.NewWriterLevel(&z, gzip.BestCompression)
	_, _ = io.WriteString(w, text)
	_ = w.Close()
	return z.Bytes()
}

// stall sends the head of a request and the beginning of its body, and nothing
// more. It returns the connection.
func (f *fixture) stall(path, bearer string, begin []byte, header ...string) net.Conn {
	f.t.Helper()
	c, err := net.Dial("tcp", f.server.Listener.Addr().String())
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { _ = c.Close() })
	if bearer != "" {
		header = append(header, "Authorization: Bearer "+bearer)
	}
	head := append([]string{"POST " + path + " HTTP/1.1", "Host: edge", "Transfer-Encoding: chunked"}, header...)
	_, _ = fmt.Fprintf(c, "%s\r\n\r\n%x\r\n%s\r\n", strings.Join(head, "\r\n"), len(begin), begin)
	return c
}

// status reads the status of the answer, 0 if none comes. The body stays unread:
// that of a stream has no end.
func (f *fixture) status(c net.Conn) int {
	_ = c.SetReadDeadline(time.Now().Add(patience))
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return 0
	}
	return res.StatusCode
}

// TestStrangersBodyIsNotAwaited: a body that does not end holds a connection for
// as long as somebody waits for it. Who is not known gets an answer at once.
func TestStrangersBodyIsNotAwaited(t *testing.T) {
	f := newFixture(t, nil)
	zeros := gzipped(strings.Repeat("\x00", 900_000))
	begin := zeros[:len(zeros)-12]
	for name, c := range map[string]struct {
		path, bearer string
		status       int
	}{
		"no such provider": {"/v1/receipts/nobody", "", 404},
		"no key":           {"/v1/touches", "", 401},
		"no key, stream":   {"/v1/campaigns/x/touches", "", 401},
		"a wrong key":      {"/v1/touches", "tg_0123456789abcdef_x", 401},
		"no such route":    {"/v1/nothing", "", 404},
	} {
		conn := f.stall(c.path, c.bearer, begin, "Content-Encoding: gzip")
		if got := f.status(conn); got != c.status {
			t.Errorf("%s: %d, want %d", name, got, c.status)
		}
		// The connection is closed: what comes next is no request.
		_ = conn.SetReadDeadline(time.Now().Add(patience))
		if n, err := io.Copy(io.Discard, conn); err != nil {
			t.Errorf("%s: the connection stays open: %d more bytes, %v", name, n, err)
		}
	}
}

// TestCallbackIsNotInflated: until the signature is checked, which may be over
// the compressed body, nobody knows who sends it.
func TestCallbackIsNotInflated(t *testing.T) {
	f := newFixture(t, nil)
	id := f.dev(http.StatusAccepted, "POST", "/v1/touches", body("a")).field(t, "id").(string)
	signed := "good " + f.server.URL + "/v1/receipts/acme"
	for _, encoding := range []string{"gzip", "br", "deflate"} {
		a := f.call("POST", "/v1/receipts/acme", "", string(gzipped(id+".0")), "Content-Encoding", encoding, "Signature", signed)
		if a.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %d %s", encoding, a.StatusCode, a.body)
		}
	}
	if a := f.call("POST", "/v1/receipts/acme", "", id+".0", "Content-Encoding", "identity", "Signature", signed); a.StatusCode != 200 {
		t.Errorf("plain: %d %s", a.StatusCode, a.body)
	}
}
