package packs_test

import (
	"context"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"touchgate.dev/internal/redisembed"
	"touchgate.dev/internal/testserver/servertest"
	"touchgate.dev/policies/contactlog"
	"touchgate.dev/policies/packs"
	"touchgate.dev/policies/ruleset"
	"touchgate.dev/policies/scenario"
	"touchgate.dev/touch"
)

// contactLogs opens each kind of contact log on which every pack must pass.
func contactLogs() map[string]func(t *testing.T) contactlog.Log {
	onRedis := func(t *testing.T, o *redis.Options) contactlog.Log {
		client := redis.NewClient(o)
		t.Cleanup(func() { client.Close() })
		return contactlog.NewRedis(client, contactlog.Options{})
	}
	return map[string]func(t *testing.T) contactlog.Log{
		"model": func(*testing.T) contactlog.Log { return contactlog.NewModel() },
		"embedded": func(t *testing.T) contactlog.Log {
			s, err := redisembed.Start(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { s.Close() })
			return onRedis(t, s.Options())
		},
		"redis": func(t *testing.T) contactlog.Log {
			return onRedis(t, &redis.Options{Addr: servertest.Redis(t)})
		},
	}
}

func TestPacksPassTheirScenarios(t *testing.T) {
	if n := len(packs.Names()); n < 21 {
		t.Fatalf("%d packs, want the 20 laws and the sample", n)
	}
	for kind, open := range contactLogs() {
		t.Run(kind, func(t *testing.T) {
			log := open(t)
			for _, name := range packs.Names() {
				t.Run(name, func(t *testing.T) { runScenario(t, name, log) })
			}
		})
	}
}

func runScenario(t *testing.T, name string, log contactlog.Log) {
	data, err := packs.Scenarios(name)
	if err != nil {
		t.Fatal(err)
	}
	file, err := scenario.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	if len(file.Unknown) > 0 {
		t.Errorf("unknown keys %v", file.Unknown)
	}

	sources, err := packs.Policy(name)
	if err != nil {
		t.Fatal(err)
	}
	set, err := ruleset.Compile(sources, file.Options(ruleset.Options{}))
	if err != nil {
		t.Fatal(err)
	}

	report, err := scenario.Run(context.Background(), set, file, log)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range report.Differs() {
		t.Error(step)
	}
	if n := len(report.Steps); n < 5 {
		t.Errorf("%d touch steps were run, want at least 5", n)
	}
}

// TestAllPacksCompileTogether: a bank can put all laws into one set; the
// customer's jurisdictions choose those that bind.
func TestAllPacksCompileTogether(t *testing.T) {
	var all []ruleset.Source
	for _, name := range packs.Names() {
		if name == "bank-sample" {
			continue // it has copies of the laws, with the same policy names
		}
		sources, err := packs.Policy(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, sources...)
	}
	if _, err := ruleset.Compile(all, ruleset.Options{}); err != nil {
		t.Fatal(err)
	}
}

func TestSampleLawsAreExactCopies(t *testing.T) {
	laws, err := fs.ReadDir(packs.FS(), "bank-sample/laws")
	if err != nil {
		t.Fatal(err)
	}
	if len(laws) < 5 {
		t.Fatalf("the sample has %d laws, want at least 5", len(laws))
	}
	for _, law := range laws {
		copied, err := fs.ReadFile(packs.FS(), "bank-sample/laws/"+law.Name())
		if err != nil {
			t.Fatal(err)
		}
		original, err := fs.ReadFile(packs.FS(), strings.TrimSuffix(law.Name(), ".yaml")+"/policy.yaml")
		if err != nil || string(copied) != string(original) {
			t.Errorf("%s differs from the policy of its pack (%v)", law.Name(), err)
		}
	}
}

func TestPageNamesItsSource(t *testing.T) {
	for _, name := range packs.Names() {
		page, err := packs.Page(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, need := range []string{"# ", "not legal advice", "sign"} {
			if !strings.Contains(strings.ToLower(string(page)), need) {
				t.Errorf("the page of %s does not contain %q", name, need)
			}
		}
		if !strings.Contains(string(page), "http") && name != "bank-sample" {
			t.Errorf("the page of %s has no link to its source", name)
		}
	}
}

func TestListDescribesEveryPack(t *testing.T) {
	all, err := packs.List()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range all {
		names = append(names, p.Name)
		if p.Title == "" {
			t.Errorf("%s has no title", p.Name)
		}
		if p.Name == "bank-sample" {
			continue // house rules: no law, and every customer
		}
		if p.Source == "" || len(p.Jurisdictions) == 0 {
			t.Errorf("%s has source %q and jurisdictions %v", p.Name, p.Source, p.Jurisdictions)
		}
	}
	if !slices.Equal(names, packs.Names()) {
		t.Errorf("listed %v, want %v", names, packs.Names())
	}
}

func TestUnknownPackIsNotFound(t *testing.T) {
	for _, name := range []string{"narnia", "", ".", "bank-sample/laws", "../packs"} {
		_, policyErr := packs.Policy(name)
		_, scenariosErr := packs.Scenarios(name)
		_, pageErr := packs.Page(name)
		for _, err := range []error{policyErr, scenariosErr, pageErr} {
			if touch.ClassOf(err) != touch.NotFound {
				t.Errorf("pack %q: %v, want class NotFound", name, err)
			}
		}
	}
}
