package fcm

import (
	"encoding/json"
	"net/http"
	"slices"

	"touchgate.dev/channels/vendorhttp"
	"touchgate.dev/touch"
)

// errorBody is Google's error response, with the fields that this package reads.
type errorBody struct {
	Error struct {
		Status  string `json:"status"`
		Details []struct {
			ErrorCode       string `json:"errorCode"`
			FieldViolations []struct {
				Field string `json:"field"`
			} `json:"fieldViolations"`
		} `json:"details"`
	} `json:"error"`
}

// classify maps FCM's response to a result by FCM's error codes
// (firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode). Responses without a
// known code are classified by their HTTP status.
func (c *client) classify(reply vendorhttp.Reply) touch.Result {
	if reply.Status == http.StatusOK {
		var ok struct {
			Name string `json:"name"`
		}
		if json.Unmarshal(reply.Body, &ok) != nil || ok.Name == "" {
			return touch.Result{Code: "unreadable", Detail: "the answer does not say what became of the message"}
		}
		return touch.Result{Class: touch.ResultAccepted, VendorID: ok.Name}
	}
	var e errorBody
	if json.Unmarshal(reply.Body, &e) != nil {
		return vendorhttp.Classify(reply, c.now())
	}
	code, badToken := e.Error.Status, false
	for _, d := range e.Error.Details {
		if d.ErrorCode != "" {
			code = d.ErrorCode
		}
		for _, v := range d.FieldViolations {
			badToken = badToken || v.Field == "message.token"
		}
	}
	r := touch.Result{Code: vendorhttp.Code(code)}
	switch {
	case code == "UNREGISTERED", badToken:
		r.Class, r.Reason = touch.ResultRejected, touch.ReasonBadTarget
	case code == "INVALID_ARGUMENT":
		r.Class, r.Reason = touch.ResultRejected, touch.ReasonContent
	case slices.Contains([]string{"SENDER_ID_MISMATCH", "THIRD_PARTY_AUTH_ERROR", "PERMISSION_DENIED"}, code):
		r.Class = touch.ResultMisconfigured
	case reply.Status == http.StatusNotFound:
		r.Class = touch.ResultMisconfigured // the code is not UNREGISTERED, so the project or the path is wrong
	case code == "UNAUTHENTICATED":
		// The bearer token is stale: FCM sent nothing. Send drops the token, so the
		// next attempt fetches a new one.
		r.Class = touch.ResultRetryable
	case code == "QUOTA_EXCEEDED", code == "RESOURCE_EXHAUSTED", reply.Status == http.StatusTooManyRequests:
		r.Class, r.RetryAfter = touch.ResultThrottled, vendorhttp.RetryAfter(reply.Header, c.now())
	case code == "UNAVAILABLE" && reply.Header.Get("Retry-After") != "":
		r.Class, r.RetryAfter = touch.ResultThrottled, vendorhttp.RetryAfter(reply.Header, c.now())
	case code == "UNAVAILABLE":
		r.Class = touch.ResultRetryable // FCM documents it as overload: it did not accept the message
	default:
		class := vendorhttp.Classify(reply, c.now())
		class.Code = r.Code
		return class
	}
	return r
}
