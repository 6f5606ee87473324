package strictyaml_test

import (
	"reflect"
	"slices"
	"testing"

	"go.yaml.in/yaml/v3"

	"touchgate.dev/internal/strictyaml"
	"touchgate.dev/touch"
)

type sample struct {
	Name    string            `yaml:"name" validate:"required"`
	Wait    touch.Duration    `yaml:"wait" validate:"max=60000000000"`
	Secret  string            `yaml:"secret" validate:"omitempty,min=8"`
	Channel string            `yaml:"channel" validate:"omitempty,channel"`
	Level   string            `yaml:"level" validate:"omitempty,oneof=low high"`
	Parts   []part            `yaml:"parts" validate:"dive"`
	Labels  map[string]string `yaml:"labels"`
	Later   yaml.Node         `yaml:"later"`
	Common  `yaml:",inline"`
	Unnamed int
}

type part struct {
	Weight int `yaml:"weight" validate:"min=1"`
}

// Common is inlined in sample.
type Common struct {
	URL string `yaml:"url" validate:"omitempty,http_url"`
}

func parse(t *testing.T, text string) *yaml.Node {
	t.Helper()
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(text), &document); err != nil {
		t.Fatal(err)
	}
	return document.Content[0]
}

func texts(faults touch.Faults) []string {
	var all []string
	for _, f := range faults {
		all = append(all, f.String())
	}
	return all
}

func TestWalk(t *testing.T) {
	for name, c := range map[string]struct {
		yaml string
		want []string
	}{
		"all keys":   {"{name: a, wait: 3s, parts: [{weight: 1}], labels: {x: y}, later: {z: 1}, url: u, unnamed: 1}", nil},
		"near key":   {"nmae: a", []string{"nmae: there is no such key (did you mean name?)"}},
		"in a list":  {"parts: [{weight: 1}, {wieght: 2}]", []string{"parts[1].wieght: there is no such key (did you mean weight?)"}},
		"wrong type": {"{unnamed: secret, wait: long}", []string{"unnamed: cannot unmarshal !!str … into int", "wait: … is not a duration: write 30s, 15m, 48h or 7d"}},
		"in a map":   {"labels: {x: [1]}", []string{"labels.x: cannot unmarshal !!seq into string"}},
		"an alias":   {"parts: [&p {weight: 1}, *p]", nil},
	} {
		t.Run(name, func(t *testing.T) {
			var walk strictyaml.Walk
			walk.Check("", parse(t, c.yaml), reflect.TypeFor[sample]())
			if got := texts(walk.Faults); !slices.Equal(got, c.want) {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestWalkLines(t *testing.T) {
	lines := map[string]int{}
	walk := strictyaml.Walk{
		OnPath: func(path string, line int) { lines[path] = line },
		Accept: func(_ string, key, _ *yaml.Node, _ map[string]reflect.Type) bool { return key.Value == "extra" },
	}
	walk.Check("", parse(t, "name: a\nextra: 1\nparts:\n  - weight: 1\nodd: 2\n"), reflect.TypeFor[sample]())
	want := map[string]int{"": 1, "name": 1, "parts": 3, "parts[0]": 4, "parts[0].weight": 4}
	if !reflect.DeepEqual(lines, want) {
		t.Errorf("lines %v, want %v", lines, want)
	}
	if len(walk.Faults) != 1 || walk.Faults[0].Field != "odd" || walk.Faults[0].Line != 5 {
		t.Errorf("faults %v, want one for odd on line 5", walk.Faults)
	}
}

func TestValidate(t *testing.T) {
	got := texts(strictyaml.Validate(&sample{
		Wait:    touch.Duration(1e12),
		Secret:  "short",
		Channel: "pigeon",
		Level:   "loud",
		Parts:   []part{{}},
		Common:  Common{URL: "nowhere"},
	}))
	want := []string{
		"name: is missing",
		"wait: is above the most allowed, 1m0s",
		"secret: is below the least allowed, 8 characters",
		`channel: "pigeon" is not one of: sms, push, popup, inbox, ai_call, rm_task`,
		`level: "loud" is not one of: low, high`,
		"parts[0].weight: is below the least allowed, 1",
		"common.url: is not an http or https address",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if faults := strictyaml.Validate(5); len(faults) != 1 || faults[0].Class != touch.Internal {
		t.Errorf("a number: %v", faults)
	}
}

func TestDidYouMean(t *testing.T) {
	known := []string{"weight", "url", "from"}
	for word, want := range map[string]string{
		"wieght": "did you mean weight?",
		"frm":    "did you mean from?",
		"zzzzz":  "known: from, url, weight",
	} {
		if got := strictyaml.DidYouMean(word, known); got != want {
			t.Errorf("%s: %s, want %s", word, got, want)
		}
	}
}
