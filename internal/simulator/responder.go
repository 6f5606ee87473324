package simulator

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"touchgate.dev/channels/vendorapi"
)

// responder writes the response to a call in the format of one protocol: the vendor API
// or FCM.
type responder interface {
	// accepted responds with the result of each message.
	accepted(w http.ResponseWriter, results []messageResult)
	// fault responds with an error.
	fault(w http.ResponseWriter, f Fault, id string)
	// idempotencyWindow returns how long a vendor recognises a repeated id;
	// negative: for ever.
	idempotencyWindow() time.Duration
}

// messageResult is the result of one message.
type messageResult struct {
	id       string
	vendorID string
	rejected string // the reason; "": accepted
}

// vendorAPIResponder responds in the format of the vendor API.
type vendorAPIResponder struct{ batch bool }

func (vendorAPIResponder) idempotencyWindow() time.Duration { return -1 }

func (v vendorAPIResponder) accepted(w http.ResponseWriter, results []messageResult) {
	if !v.batch {
		o := results[0]
		if o.rejected != "" {
			writeJSON(w, http.StatusUnprocessableEntity, vendorapi.Answer{ID: o.id, Status: vendorapi.StatusRejected, Reason: o.rejected, Code: "R-422"})
			return
		}
		writeJSON(w, http.StatusAccepted, vendorapi.Answer{ID: o.id, Status: vendorapi.StatusAccepted, VendorID: o.vendorID})
		return
	}
	answers := vendorapi.Answers{Results: make([]vendorapi.Answer, len(results))}
	for i, o := range results {
		answers.Results[i] = vendorapi.Answer{ID: o.id, Status: vendorapi.StatusAccepted, VendorID: o.vendorID}
		if o.rejected != "" {
			answers.Results[i] = vendorapi.Answer{ID: o.id, Status: vendorapi.StatusRejected, Reason: o.rejected, Code: "R-422"}
		}
	}
	writeJSON(w, http.StatusOK, answers)
}

func (vendorAPIResponder) fault(w http.ResponseWriter, f Fault, id string) {
	switch f.Kind {
	case Throttle:
		wait := max(f.RetryAfter.Std(), 0)
		if wait == 0 {
			wait = time.Second
		}
		w.Header().Set("Retry-After", strconv.Itoa(int((wait+time.Second-1)/time.Second)))
		writeJSON(w, http.StatusTooManyRequests, vendorapi.Answer{Status: vendorapi.StatusThrottled, Code: "T-429", RetryAfter: wait.Seconds()})
	case Misconfigured:
		writeJSON(w, http.StatusUnauthorized, vendorapi.Answer{Status: vendorapi.StatusMisconfigured, Code: "A-401"})
	default:
		status := f.Status
		if status == 0 {
			status = http.StatusInternalServerError
		}
		http.Error(w, "the vendor is broken", status)
	}
}

var jsonType = []string{"application/json"}

// writeJSON responds with a status and a body in JSON.
func writeJSON(w http.ResponseWriter, status int, body any) {
	b, err := json.Marshal(body)
	if err != nil {
		panic("simulator: a response cannot be encoded as JSON: " + err.Error())
	}
	w.Header()["Content-Type"] = jsonType
	w.WriteHeader(status)
	_, _ = w.Write(b) // the caller may have closed the connection
}
