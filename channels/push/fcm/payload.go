package fcm

import (
	"maps"
	"strconv"
	"time"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/touch"
)

// The data fields that the adapter adds to the caller's fields. The app reports
// receipts with the value of dataID.
const (
	dataID     = "touchgate_id"
	dataResend = "touchgate_resend"
	dataLink   = "link"
)

// maxTTL is the longest time that FCM stores a message, and FCM's default.
const maxTTL = 28 * 24 * time.Hour

type request struct {
	Message message `json:"message"`
}

type message struct {
	Token        string            `json:"token"`
	Notification notification      `json:"notification"`
	Data         map[string]string `json:"data"`
	Android      android           `json:"android"`
	APNS         apns              `json:"apns"`
}

type notification struct {
	Title string `json:"title,omitempty"`
	Body  string `json:"body,omitempty"`
	Image string `json:"image,omitempty"`
}

type android struct {
	TTL          string              `json:"ttl,omitempty"`
	Priority     string              `json:"priority"`
	Notification androidNotification `json:"notification"`
}

type androidNotification struct {
	Tag string `json:"tag"`
}

type apns struct {
	Headers map[string]string `json:"headers"`
}

// payload returns FCM's request for a dispatch. The dispatch id is the Android tag
// and the APNs collapse id, so a duplicate replaces the first notification.
func payload(d adapter.Dispatch, now time.Time) request {
	data := map[string]string{dataID: d.ID}
	maps.Copy(data, d.Content.Data)
	data[dataID] = d.ID // overwrite a caller's field of the same name
	if d.Content.Link != "" {
		data[dataLink] = d.Content.Link
	}
	if d.Resend {
		data[dataResend] = "true"
	}
	m := message{
		Token:        d.Address,
		Notification: notification{Title: d.Content.Title, Body: d.Content.Body, Image: d.Content.Image},
		Data:         data,
		Android:      android{Priority: "NORMAL", Notification: androidNotification{Tag: d.ID}},
		APNS:         apns{Headers: map[string]string{"apns-collapse-id": d.ID}},
	}
	if d.Category == touch.Transactional {
		m.Android.Priority = "HIGH"
	}
	if !d.ExpiresAt.IsZero() {
		ttl := min(max(d.ExpiresAt.Sub(now), 0), maxTTL)
		m.Android.TTL = strconv.Itoa(int(ttl.Seconds())) + "s"
		m.APNS.Headers["apns-expiration"] = strconv.FormatInt(d.ExpiresAt.Unix(), 10)
	}
	return request{m}
}
