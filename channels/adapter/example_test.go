package adapter_test

import (
	"context"
	"errors"
	"fmt"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/touch"
)

// errRefused stands for an error that a vendor's library returns before it has
// sent anything.
var errRefused = errors.New("connection refused")

// pager is the smallest adapter: one vendor account, one attempt per call.
type pager struct {
	post func(ctx context.Context, id, to, text string) error
}

// Send makes one attempt. It returns ResultRetryable only if the message
// certainly did not go out. It returns ResultUnknown, the zero value, if the
// message may have gone out.
func (p pager) Send(ctx context.Context, d adapter.Dispatch) touch.Result {
	err := p.post(ctx, d.ID, d.Address, d.Content.Body)
	switch {
	case err == nil:
		return touch.Result{Class: touch.ResultAccepted, VendorID: "p-" + d.ID}
	case errors.Is(err, errRefused):
		return touch.Result{Class: touch.ResultRetryable, Code: "refused"}
	}
	return touch.Result{Code: "lost"}
}

func ExampleAdapter() {
	d := adapter.Dispatch{ID: "1.0", Address: "+4930123", Content: touch.Content{Body: "hello"}}
	for _, err := range []error{nil, errRefused, context.DeadlineExceeded} {
		vendor := pager{post: func(context.Context, string, string, string) error { return err }}
		r := vendor.Send(context.Background(), d)
		fmt.Printf("%s: code %q, vendor id %q\n", r.Class, r.Code, r.VendorID)
	}
	// Output:
	// accepted: code "", vendor id "p-1.0"
	// retryable: code "refused", vendor id ""
	// unknown: code "lost", vendor id ""
}

// fmt prints a placeholder instead of a secret, with every verb.
func ExampleSecret() {
	key := adapter.Secret("hunter2")
	fmt.Printf("%s %v %#v\n", key, key, key)
	fmt.Println(len(key.Reveal()))
	// Output:
	// [secret] [secret] [secret]
	// 7
}
