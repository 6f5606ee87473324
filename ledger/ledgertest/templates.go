package ledgertest

import (
	"strings"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

func testTemplates(k *kit) {
	t := ledger.Template{
		Name: "offer", Variables: []ledger.TemplateVariable{{Name: "amount"}},
		Content: map[touch.Channel]touch.Content{"": {Body: "${amount}"}}, Obligations: []string{"opt_out_text"},
	}
	put := func(want int) {
		k.t.Helper()
		got, err := k.ledger.Templates.Put(k.ctx, t, "me", k.now())
		k.must(err)
		k.wantEqual(got, want)
	}
	put(1)
	k.advance(time.Second)
	put(1)
	t.Content[""] = touch.Content{Body: "new ${amount}"}
	put(2)
	one, err := k.ledger.Templates.Get(k.ctx, "offer", 1)
	k.must(err)
	k.wantEqual([]any{one.Version, one.CreatedBy, one.CreatedAt, one.Content[""].Body}, []any{1, "me", start, "${amount}"})
	latest, err := k.ledger.Templates.Get(k.ctx, "offer", 0)
	k.must(err)
	k.wantEqual(latest.Version, 2)
	t.Content[""] = touch.Content{Body: "${amount}"}
	put(3) // content of an earlier version is a new version again
	t.Name = "another"
	put(1)
	all, err := k.ledger.Templates.List(k.ctx, "", 10)
	k.must(err)
	k.wantEqual([]any{len(all), all[0].Name, all[1].Version}, []any{2, "another", 3})
	rest, err := k.ledger.Templates.List(k.ctx, "another", 1)
	k.must(err)
	k.wantEqual([]any{len(rest), rest[0].Name}, []any{1, "offer"})
	events, err := k.ledger.Events.List(k.ctx, "", 0, 10)
	k.must(err)
	if len(events) != 4 || events[1].Actor != "me" || !strings.HasPrefix(events[1].Reason, "template offer version 2, digest ") {
		k.t.Fatalf("the record of the versions: %+v", events)
	}
	_, err = k.ledger.Templates.Get(k.ctx, "offer", 9)
	k.wantClass(touch.NotFound, err)
	_, err = k.ledger.Templates.Get(k.ctx, "none", 0)
	k.wantClass(touch.NotFound, err)
}
