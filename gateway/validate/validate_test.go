package validate_test

import (
	"testing"
	"time"

	"touchgate.dev/gateway/validate"
	"touchgate.dev/touch"
)

type Named struct {
	Name string `json:"name" validate:"required,max=3"`
}

type input struct {
	Named
	Link   string            `json:"link" validate:"passive"`
	Items  []Named           `json:"items" validate:"max=1,dive"`
	Params map[string]string `json:"params" validate:"dive,max=2"`
}

func TestTagPaths(t *testing.T) {
	faults := validate.NewTags().Check(&input{
		Link:   " JavaScript:alert(1)",
		Items:  []Named{{Name: "long"}},
		Params: map[string]string{"a": "123"},
	})
	const want = "name: is required; link: must not be a script, data or a file; " +
		"items[0].name: must have at most 3 characters; " +
		"params.a: must have at most 2 characters"
	if got := faults.Error(); got != want {
		t.Errorf("got %s", got)
	}
}

func TestInstant(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	hourAgo := now.Add(-time.Hour)
	for name, c := range map[string]struct {
		at, want time.Time
		faults   int
	}{
		"missing":                 {time.Time{}, now, 0},
		"past":                    {hourAgo, hourAgo, 0},
		"ahead by a clock's skew": {now.Add(time.Minute), now, 0},
		"future":                  {now.Add(time.Minute + 1), now, 1},
	} {
		var faults touch.Faults
		at := c.at
		validate.Instant(&at, now, &faults)
		if !at.Equal(c.want) || len(faults) != c.faults {
			t.Errorf("%s: got %s with %v", name, at, faults)
		}
	}
}
