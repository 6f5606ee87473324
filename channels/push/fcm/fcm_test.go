package fcm_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"testing"
	"time"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/channels/adaptertest"
	"touchgate.dev/channels/push/fcm"
	"touchgate.dev/channels/vendorhttp"
	"touchgate.dev/internal/simulator"
	"touchgate.dev/touch"
)

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// account returns the key of a service account whose tokens come from url.
func account(tb testing.TB, url string) adapter.Secret {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		tb.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		tb.Fatal(err)
	}
	b, err := json.Marshal(map[string]string{
		"project_id": "bank-app", "client_email": "push@bank-app.iam.gserviceaccount.com", "private_key_id": "k1",
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), "token_uri": url + "/token",
	})
	if err != nil {
		tb.Fatal(err)
	}
	return adapter.Secret(b)
}

func sign(body []byte) adapter.ReceiptRequest {
	key, err := vendorhttp.ParseKey(secret)
	if err != nil {
		panic(err)
	}
	h := http.Header{"Content-Type": {"application/json"}}
	key.Sign(h, "r-1", time.Now(), body)
	return adapter.ReceiptRequest{Method: http.MethodPost, Header: h, Body: body}
}

func google(status int, retryAfter, body string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if retryAfter != "" {
			w.Header().Set("Retry-After", retryAfter)
		}
		w.WriteHeader(status)
		w.Write([]byte(body))
	})
}

// fcmError returns an error response in FCM's format.
func fcmError(status, code string) string {
	return `{"error":{"status":"` + status + `","message":"m","details":[{"@type":"type.googleapis.com/google.firebase.fcm.v1.FcmError","errorCode":"` + code + `"}]}}`
}

func target(tb testing.TB) (adaptertest.Target, *simulator.Simulator) {
	sim, err := simulator.New(simulator.Options{Secret: secret})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(sim.Close)
	id := touch.DispatchID(touch.NewID("c", "k"), 0)
	return adaptertest.Target{
		Factory: fcm.Factory(),
		Config: func(url string) any {
			c := fcm.Factory().Config().(*fcm.Config)
			c.URL, c.Credentials, c.ReceiptSecret = url+"/fcm", account(tb, url+"/fcm"), secret
			return c
		},
		Good:     sim,
		Messages: sim.Received().Count,
		Secrets:  []string{secret},
		Sign:     sign,
		Faults: []adaptertest.Fault{
			{Name: "unregistered", Handler: google(404, "", fcmError("NOT_FOUND", "UNREGISTERED")), Want: touch.ResultRejected, Reason: touch.ReasonBadTarget},
			{Name: "invalid token", Handler: google(400, "", `{"error":{"status":"INVALID_ARGUMENT","details":[{"errorCode":"INVALID_ARGUMENT"},{"fieldViolations":[{"field":"message.token"}]}]}}`), Want: touch.ResultRejected, Reason: touch.ReasonBadTarget},
			{Name: "invalid argument", Handler: google(400, "", fcmError("INVALID_ARGUMENT", "INVALID_ARGUMENT")), Want: touch.ResultRejected, Reason: touch.ReasonContent},
			{Name: "wrong project", Handler: google(404, "", `{"error":{"status":"NOT_FOUND"}}`), Want: touch.ResultMisconfigured},
			{Name: "sender mismatch", Handler: google(403, "", fcmError("PERMISSION_DENIED", "SENDER_ID_MISMATCH")), Want: touch.ResultMisconfigured},
			{Name: "apns certificate", Handler: google(401, "", fcmError("UNAUTHENTICATED", "THIRD_PARTY_AUTH_ERROR")), Want: touch.ResultMisconfigured},
			{Name: "stale bearer", Handler: google(401, "", `{"error":{"status":"UNAUTHENTICATED"}}`), Want: touch.ResultRetryable},
			{Name: "quota", Handler: google(429, "9", fcmError("RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED")), Want: touch.ResultThrottled, RetryAfter: 9 * time.Second},
			{Name: "unavailable", Handler: google(503, "", fcmError("UNAVAILABLE", "UNAVAILABLE")), Want: touch.ResultRetryable},
			{Name: "unavailable for 30 s", Handler: google(503, "30", fcmError("UNAVAILABLE", "UNAVAILABLE")), Want: touch.ResultThrottled, RetryAfter: 30 * time.Second},
			{Name: "internal", Handler: google(500, "", fcmError("INTERNAL", "INTERNAL")), Want: touch.ResultUnknown},
		},
		Receipts: []adaptertest.Golden{{
			Name:    "shown by the app",
			Request: sign([]byte(`[{"id":"` + id + `","status":"delivered"}]`)),
			Want:    []touch.Receipt{{Dispatch: id, Kind: touch.ReceiptDelivered}},
		}},
	}, sim
}

func TestContract(t *testing.T) {
	tgt, _ := target(t)
	adaptertest.Run(t, tgt)
}

func FuzzReceipts(f *testing.F) {
	tgt, _ := target(f)
	adaptertest.FuzzReceipts(f, tgt)
}

// start returns a simulator on a free port, and an adapter that uses it as FCM.
func start(t *testing.T) (*simulator.Server, adapter.Adapter) {
	t.Helper()
	s, err := simulator.Start("", simulator.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	c := fcm.Factory().Config().(*fcm.Config)
	c.URL, c.Credentials = s.URL("fcm"), account(t, s.URL("fcm"))
	a, err := fcm.Factory().New(c, adapter.Options{Transport: transport, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	return s, a
}

func dispatch(key string) adapter.Dispatch {
	return adapter.Dispatch{ID: touch.DispatchID(touch.NewID("c", key), 0), Channel: touch.Push, Address: "token-" + key, Content: touch.Content{Title: "T", Body: "B"}}
}

// A send with a revoked token is Retryable. The next send fetches a new token.
func TestRevokedToken(t *testing.T) {
	s, a := start(t)
	if r := a.Send(t.Context(), dispatch("1")); r.Class != touch.ResultAccepted {
		t.Fatalf("first: %+v", r)
	}
	s.RevokeTokens()
	if r := a.Send(t.Context(), dispatch("2")); r.Class != touch.ResultRetryable {
		t.Errorf("after the revocation: %+v", r)
	}
	if r := a.Send(t.Context(), dispatch("2")); r.Class != touch.ResultAccepted {
		t.Errorf("with a new token: %+v", r)
	}
}

// If Google refuses the service account, the result is Misconfigured, not Rejected: the
// message itself is good.
func TestRefusedAccount(t *testing.T) {
	s, a := start(t)
	if err := s.SetBehaviour("fcm", simulator.Behaviour{Faults: []simulator.Fault{{Kind: simulator.Misconfigured}}}); err != nil {
		t.Fatal(err)
	}
	if r := a.Send(t.Context(), dispatch("1")); r.Class != touch.ResultMisconfigured {
		t.Errorf("the result is %+v, want misconfigured", r)
	}
	if err := a.(adapter.Prober).Probe(t.Context()); touch.ClassOf(err) != touch.Forbidden {
		t.Errorf("Probe returned %v, want class Forbidden", err)
	}
}

func TestInvalidCredentials(t *testing.T) {
	for name, credentials := range map[string]adapter.Secret{
		"no JSON": "hello", "no key": `{"client_email":"a@b"}`,
		"broken key": `{"client_email":"a@b","project_id":"p","private_key":"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"}`,
	} {
		c := fcm.Factory().Config().(*fcm.Config)
		c.Credentials = credentials
		if _, err := fcm.Factory().New(c, adapter.Options{Now: time.Now}); touch.ClassOf(err) != touch.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}
