package simulator

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"touchgate.dev/channels/vendorapi"
)

// responder answers a call in the language of one protocol: our contract, or FCM.
type responder interface {
	// accepted says what became of each message.
	accepted(w http.ResponseWriter, results []messageResult)
	// fault answers a call that has a fault.
	fault(w http.ResponseWriter, f Fault, id string)
	// idempotencyWindow returns how long a vendor remembers an id; negative: for
	// ever.
	idempotencyWindow() time.Duration
}

// messageResult is what became of one message.
type messageResult struct {
	id       string
	vendorID string
	rejected string // why; "": accepted
}

// contractResponder answers as our HTTP contract says.
type contractResponder struct{ batch bool }

func (contractResponder) idempotencyWindow() time.Duration { return -1 }

func (v contractResponder) accepted(w http.ResponseWriter, results []messageResult) {
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

func (contractResponder) fault(w http.ResponseWriter, f Fault, id string) {
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

// writeJSON answers with a status and a body.
func writeJSON(w http.ResponseWriter, status int, body any) {
	b, err := json.Marshal(body)
	if err != nil {
		panic("simulator: an answer cannot be encoded: " + err.Error())
	}
	w.Header()["Content-Type"] = jsonType
	w.WriteHeader(status)
	_, _ = w.Write(b) // a caller that has gone needs no answer
}
