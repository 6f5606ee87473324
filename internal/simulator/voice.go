package simulator

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"touchgate.dev/channels/contract"
)

// voice is how a vendor words what happened: our contract's, or FCM's.
type voice interface {
	took(w http.ResponseWriter, outs []outcome)
	failed(w http.ResponseWriter, f Fault, id string)
	// window is how long an id is known; negative: for ever.
	window() time.Duration
}

// outcome is what became of one message of a call.
type outcome struct {
	id       string
	vendorID string
	rejected string // the reason, or ""
}

// contractVoice answers as our HTTP contract says.
type contractVoice struct{ batch bool }

func (contractVoice) window() time.Duration { return -1 }

func (v contractVoice) took(w http.ResponseWriter, outs []outcome) {
	if !v.batch {
		o := outs[0]
		if o.rejected != "" {
			answer(w, http.StatusUnprocessableEntity, contract.Answer{ID: o.id, Status: contract.StatusRejected, Reason: o.rejected, Code: "R-422"})
			return
		}
		answer(w, http.StatusAccepted, contract.Answer{ID: o.id, Status: contract.StatusAccepted, VendorID: o.vendorID})
		return
	}
	results := contract.Answers{Results: make([]contract.Answer, len(outs))}
	for i, o := range outs {
		results.Results[i] = contract.Answer{ID: o.id, Status: contract.StatusAccepted, VendorID: o.vendorID}
		if o.rejected != "" {
			results.Results[i] = contract.Answer{ID: o.id, Status: contract.StatusRejected, Reason: o.rejected, Code: "R-422"}
		}
	}
	answer(w, http.StatusOK, results)
}

func (contractVoice) failed(w http.ResponseWriter, f Fault, id string) {
	switch f.Kind {
	case Throttle:
		wait := max(f.RetryAfter.Std(), 0)
		if wait == 0 {
			wait = time.Second
		}
		w.Header().Set("Retry-After", strconv.Itoa(int((wait+time.Second-1)/time.Second)))
		answer(w, http.StatusTooManyRequests, contract.Answer{Status: contract.StatusThrottled, Code: "T-429", RetryAfter: wait.Seconds()})
	case Misconfigured:
		answer(w, http.StatusUnauthorized, contract.Answer{Status: contract.StatusMisconfigured, Code: "A-401"})
	default:
		status := f.Status
		if status == 0 {
			status = http.StatusInternalServerError
		}
		http.Error(w, "the vendor is broken", status)
	}
}

var jsonType = []string{"application/json"}

func answer(w http.ResponseWriter, status int, body any) {
	b, err := json.Marshal(body)
	if err != nil {
		panic("simulator: an answer always marshals: " + err.Error())
	}
	w.Header()["Content-Type"] = jsonType
	w.WriteHeader(status)
	_, _ = w.Write(b) // a caller that has gone needs no answer
}
