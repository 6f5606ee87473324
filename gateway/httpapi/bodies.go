package httpapi

import (
	"time"

	"touchgate.dev/gateway"
	"touchgate.dev/gateway/httpapi/strictjson"
	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// The bodies that are more than one of the gateway's own inputs.
type (
	submission struct { // one touch, or several
		touch.Request
		Touches []strictjson.Raw `json:"touches"`
	}
	consentsBody struct {
		Consents []touch.Consent `json:"consents"`
	}
	outcomesBody struct {
		Outcomes []touch.Outcome `json:"outcomes"`
	}
	suppressionsBody struct {
		Entries []gateway.Entry `json:"entries"`
	}
	receiptsBody struct {
		Receipts []touch.Receipt `json:"receipts"`
	}
	templateBody struct {
		Variables []ledger.TemplateVariable       `json:"variables"`
		Content   map[touch.Channel]touch.Content `json:"content"`
		Duties    []string                        `json:"duties"`
	}
	keyBody struct {
		Caller string   `json:"caller"`
		Scopes []string `json:"scopes"`
	}
	tokenBody struct {
		ExpiresIn touch.Duration `json:"expires_in"`
		Queues    []string       `json:"queues"`   // of a manager
		Branches  []string       `json:"branches"` // of a manager
	}
	markBody struct {
		At time.Time `json:"at,omitzero"`
	}
	completionBody struct {
		Outcome string `json:"outcome"`
		Note    string `json:"note"`
	}
	subscriptionBody struct {
		URL   string            `json:"url"`
		Kinds []touch.EventKind `json:"kinds"`
		After int64             `json:"after"`
	}
)

// bodies holds a decoder for each input.
type bodies struct {
	submission   *strictjson.Decoder[submission]
	request      *strictjson.Decoder[touch.Request]
	profile      *strictjson.Decoder[gateway.Profile]
	consents     *strictjson.Decoder[consentsBody]
	consent      *strictjson.Decoder[gateway.ConsentFact]
	outcomes     *strictjson.Decoder[outcomesBody]
	outcome      *strictjson.Decoder[gateway.OutcomeFact]
	suppressions *strictjson.Decoder[suppressionsBody]
	entry        *strictjson.Decoder[gateway.Entry]
	mark         *strictjson.Decoder[markBody]
	receipts     *strictjson.Decoder[receiptsBody]
	template     *strictjson.Decoder[templateBody]
	key          *strictjson.Decoder[keyBody]
	token        *strictjson.Decoder[tokenBody]
	completion   *strictjson.Decoder[completionBody]
	subscription *strictjson.Decoder[subscriptionBody]
	stop         *strictjson.Decoder[gateway.StopOrder]
	documents    *strictjson.Decoder[documentsBody]
	draft        *strictjson.Decoder[gateway.PolicyDraft]
	reason       *strictjson.Decoder[reasonBody]
	rollback     *strictjson.Decoder[rollbackBody]
	redrive      *strictjson.Decoder[redriveBody]
}

func newBodies() bodies {
	return bodies{
		submission:   strictjson.For[submission](),
		request:      strictjson.For[touch.Request](),
		profile:      strictjson.For[gateway.Profile](),
		consents:     strictjson.For[consentsBody](),
		consent:      strictjson.For[gateway.ConsentFact](),
		outcomes:     strictjson.For[outcomesBody](),
		outcome:      strictjson.For[gateway.OutcomeFact](),
		suppressions: strictjson.For[suppressionsBody](),
		entry:        strictjson.For[gateway.Entry](),
		mark:         strictjson.For[markBody](),
		receipts:     strictjson.For[receiptsBody](),
		template:     strictjson.For[templateBody](),
		key:          strictjson.For[keyBody](),
		token:        strictjson.For[tokenBody](),
		completion:   strictjson.For[completionBody](),
		subscription: strictjson.For[subscriptionBody](),
		stop:         strictjson.For[gateway.StopOrder](),
		documents:    strictjson.For[documentsBody](),
		draft:        strictjson.For[gateway.PolicyDraft](),
		reason:       strictjson.For[reasonBody](),
		rollback:     strictjson.For[rollbackBody](),
		redrive:      strictjson.For[redriveBody](),
	}
}
