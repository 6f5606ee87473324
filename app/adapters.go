package app

import (
	"touchgate.dev/channels"
	"touchgate.dev/channels/adapter"
	aicallhttp "touchgate.dev/channels/aicall/http"
	"touchgate.dev/channels/inbox"
	"touchgate.dev/channels/popup"
	"touchgate.dev/channels/push/fcm"
	"touchgate.dev/channels/remote"
	"touchgate.dev/channels/rmtask"
	smshttp "touchgate.dev/channels/sms/http"
	"touchgate.dev/ledger"
)

// Adapters lists the code of all vendors that is linked into this binary. A
// security reviewer signs this list. Our own channels keep their items in the
// given store; wrap, when set, wraps their factories.
func Adapters(items ledger.Items, wrap func(adapter.Factory) adapter.Factory) channels.Registry {
	if wrap == nil {
		wrap = func(f adapter.Factory) adapter.Factory { return f }
	}
	return channels.NewRegistry(
		smshttp.Factory(),
		fcm.Factory(),
		aicallhttp.Factory(),
		remote.Factory(),
		wrap(popup.Factory(items)),
		wrap(inbox.Factory(items)),
		wrap(rmtask.Factory(items)),
	)
}
