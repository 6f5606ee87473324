package channels

import "touchgate.dev/touch"

// notTried is the result of a message for which no call was made: surely not
// sent, and no attempt spent.
func notTried(c touch.ResultClass, reason, detail string) touch.Result {
	return touch.Result{Class: c, Reason: reason, Detail: detail, NoAttempt: true}
}

// fillResults gives every message of a call the same result.
func fillResults(out []touch.Result, r touch.Result) {
	for i := range out {
		out[i] = r
	}
}

// openResult is the refusal of a provider whose circuit breaker is open.
func (p *Provider) openResult() touch.Result {
	r := notTried(touch.ResultRetryable, touch.ReasonBreaker, "")
	r.RetryAfter = p.breaker.retryAfter()
	return r
}

// refusal is the result of a message that the provider would not take now.
func (p *Provider) refusal() touch.Result {
	r := p.openResult()
	if d := p.pausedFor(); d > 0 {
		r = notTried(touch.ResultThrottled, touch.ReasonPaused, "")
		r.RetryAfter = d
	}
	r.Provider = p.Name()
	return r
}
