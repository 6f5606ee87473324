package netguard_test

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"touchgate.dev/internal/netguard"
)

func guard(t testing.TB, allow ...string) *netguard.Guard {
	t.Helper()
	g, err := netguard.New(allow)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestCheckURL(t *testing.T) {
	for _, c := range []struct {
		allow []string
		good  []string
		bad   []string
	}{
		{
			good: []string{
				"https://engine.example/hook", "https://engine.example:8443/h?token=1", "https://8.8.8.8/", "https://ENGINE.example./",
				"https://[2606:4700::1111]/h",
			},
			bad: []string{
				// loopback
				"http://127.0.0.1:8080/", "https://127.0.0.1/", "https://localhost/", "https://LOCALHOST./", "https://a.localhost/",
				"https://[::1]/", "https://[::ffff:127.0.0.1]/", "https://0.0.0.0/", "https://[::]/", "https://127.8.9.1/",
				// inner networks
				"https://10.0.0.1/x", "https://172.16.9.9/", "https://192.168.1.1/", "https://100.64.0.1/", "https://169.254.169.254/latest",
				"https://[fd00::1]/", "https://[fe80::1%25eth0]/", "https://[fe80::1]/", "https://[::ffff:10.0.0.1]/",
				"https://[64:ff9b::a00:1]/", "https://[2002:a00:1::]/", "https://198.18.0.1/", "https://224.0.0.1/", "https://255.255.255.255/",
				"https://192.0.2.1/", "https://[2001:db8::1]/", "https://240.0.0.1/", "https://192.0.0.1/",
				// inner names
				"https://kubernetes.default.svc/", "https://kubernetes/", "https://metadata.google.internal/", "https://db.cluster.local/",
				"https://printer.local/", "https://router.home.arpa/",
				// numbers that a resolver may take for an address
				"https://127.1/", "https://2130706433/", "https://0x7f.1/", "https://0x7f000001/", "https://0177.0.0.1/", "https://127.0.0.01/",
				"https://1.2.3.4.5/", "https://999999999999999999999999/",
				// not https, or more than an address
				"http://engine.example/h", "ftp://engine.example", "https://user:pw@engine.example", "https://engine.example/#f",
				"https://engine.example/#", "https://", "", "engine.example/h", "//engine.example/h", "https:engine.example",
				"https://engine.example:0/", "https://engine.example:65536/", "https://engine.example:/", "https://engine..example/",
				"https://engine.example\r\nx: y/", "https://１２７.0.0.1/", "https://127。0。0。1/", "https://engine_.-example/",
				"http://127.0.0.1.evil.example/", "https://" + strings.Repeat("a", 2048) + ".example/",
			},
		},
		{
			allow: netguard.Loopback(),
			good:  []string{"http://127.0.0.1:9/h", "http://localhost/h", "http://[::1]/h", "https://127.0.0.1/", "http://[::ffff:127.0.0.1]/"},
			bad:   []string{"https://10.0.0.1/", "https://0.0.0.0/", "http://127.0.0.1.evil.example/", "http://engine.example/"},
		},
		{
			allow: []string{"10.1.0.0/16", "192.168.7.7", "hooks.bank.internal", "*.engines.svc", "fd12::/16"},
			good: []string{
				"https://10.1.2.3/", "https://192.168.7.7/", "https://hooks.bank.internal/", "https://a.engines.svc:9443/", "https://[fd12::5]/",
				"https://[::ffff:10.1.2.3]/", "https://HOOKS.bank.internal./",
			},
			bad: []string{
				"https://10.2.0.1/", "https://192.168.7.8/", "https://x.hooks.bank.internal/", "https://engines.svc/", "https://a-engines.svc/",
				"https://[fd13::5]/", "http://10.1.2.3/", "https://localhost/",
			},
		},
	} {
		g := guard(t, c.allow...)
		for _, address := range c.good {
			if err := g.CheckURL(address); err != nil {
				t.Errorf("%v: %s: %v", c.allow, address, err)
			}
		}
		for _, address := range c.bad {
			if g.CheckURL(address) == nil {
				t.Errorf("%v: %s is taken", c.allow, address)
			}
		}
	}
}

func TestNewNamesTheEntry(t *testing.T) {
	for _, entry := range []string{"10.1.0.1/16", "https://x.example", "*", "*.", "a b", "", "10.1.0.0/33", "fe80::1%eth0"} {
		_, err := netguard.New([]string{"10.0.0.0/8", entry})
		var at *netguard.EntryError
		if !errors.As(err, &at) || at.Index != 1 {
			t.Errorf("%q: %v", entry, err)
		}
	}
}

// A public name that is resolved to an inner address is refused when it is
// called, and so is an address that was allowed when it was written.
func TestTransportLooksAgain(t *testing.T) {
	called := 0
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called++ }))
	defer server.Close()
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("HTTP_PROXY", server.URL)
	get := func(g *netguard.Guard, host string) error {
		transport := g.Transport()
		defer transport.CloseIdleConnections()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+net.JoinHostPort(host, port)+"/quitquitquit", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := transport.RoundTrip(req)
		if err == nil {
			resp.Body.Close()
		}
		return err
	}
	for _, host := range []string{"localhost", "127.0.0.1", "::ffff:127.0.0.1", "0.0.0.0"} {
		if err := get(guard(t), host); !errors.Is(err, netguard.ErrRefused) {
			t.Errorf("%s: %v", host, err)
		}
	}
	if called != 0 {
		t.Fatalf("%d calls came through", called)
	}
	for _, allow := range []string{"localhost", "127.0.0.0/8"} {
		// localhost may be ::1 first; the server is on 127.0.0.1
		if err := get(guard(t, allow, "::1"), "localhost"); err != nil {
			t.Errorf("%s allowed: %v", allow, err)
		}
	}
	if called != 2 {
		t.Errorf("%d calls, want 2", called)
	}
}

// Whatever its spelling, an address of IPv4 gets one answer.
func TestMappedAddressesAgree(t *testing.T) {
	g := guard(t, "10.1.0.0/16")
	rapid.Check(t, func(t *rapid.T) {
		four := netip.AddrFrom4([4]byte(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "address")))
		mapped := netip.AddrFrom16(four.As16())
		if (g.CheckAddr(four) == nil) != (g.CheckAddr(mapped) == nil) {
			t.Errorf("%s and %s differ", four, mapped)
		}
		if four.IsPrivate() && !netip.MustParsePrefix("10.1.0.0/16").Contains(four) && g.CheckAddr(four) == nil {
			t.Errorf("%s is called", four)
		}
	})
}
