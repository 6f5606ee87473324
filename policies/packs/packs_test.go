package packs_test

import (
	"context"
	"io/fs"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"touchgate.dev/internal/redisembed"
	"touchgate.dev/internal/testserver/servertest"
	"touchgate.dev/policies"
	"touchgate.dev/policies/contactlog"
	"touchgate.dev/policies/packs"
	"touchgate.dev/policies/scenario"
	"touchgate.dev/touch"
)

// logs are the contact logs on which every pack must pass.
func logs() map[string]func(t *testing.T) contactlog.Log {
	over := func(t *testing.T, o *redis.Options) contactlog.Log {
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
			return over(t, s.Options())
		},
		"redis": func(t *testing.T) contactlog.Log { return over(t, &redis.Options{Addr: servertest.Redis(t)}) },
	}
}

func TestEveryPackPassesItsScenarios(t *testing.T) {
	if n := len(packs.Names()); n < 19 {
		t.Fatalf("%d packs, want the 18 laws and the sample", n)
	}
	for kind, open := range logs() {
		t.Run(kind, func(t *testing.T) {
			log := open(t)
			for _, name := range packs.Names() {
				t.Run(name, func(t *testing.T) { playPack(t, name, log) })
			}
		})
	}
}

func playPack(t *testing.T, name string, log contactlog.Log) {
	data, err := packs.Scenarios(name)
	if err != nil {
		t.Fatal(err)
	}
	file, err := scenario.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	sources, err := packs.Policy(name)
	if err != nil {
		t.Fatal(err)
	}
	set, err := policies.Compile(sources, file.Options(policies.Options{}))
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
	if len(report.Steps) < 5 || len(file.Unknown) > 0 {
		t.Errorf("%d steps were judged, unknown keys %v", len(report.Steps), file.Unknown)
	}
}

// All laws together still compile, and bind by where the customer lives.
func TestAllPacksTogether(t *testing.T) {
	var all []policies.Source
	for _, name := range packs.Names() {
		if name == "bank-sample" {
			continue // it holds copies
		}
		sources, err := packs.Policy(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, sources...)
	}
	if _, err := policies.Compile(all, policies.Options{}); err != nil {
		t.Fatal(err)
	}
}

func TestSampleHoldsTrueCopies(t *testing.T) {
	laws, err := fs.ReadDir(packs.FS(), "bank-sample/laws")
	if err != nil || len(laws) < 5 {
		t.Fatal(len(laws), err)
	}
	for _, law := range laws {
		copied, _ := fs.ReadFile(packs.FS(), "bank-sample/laws/"+law.Name())
		original, err := fs.ReadFile(packs.FS(), strings.TrimSuffix(law.Name(), ".yaml")+"/policy.yaml")
		if err != nil || string(copied) != string(original) {
			t.Errorf("%s is not a copy of its pack (%v)", law.Name(), err)
		}
	}
}

func TestEveryPackHasAPageWithItsSource(t *testing.T) {
	for _, name := range packs.Names() {
		page, err := fs.ReadFile(packs.FS(), name+"/README.md")
		if err != nil {
			t.Fatal(err)
		}
		for _, need := range []string{"# ", "not legal advice", "sign"} {
			if !strings.Contains(strings.ToLower(string(page)), need) {
				t.Errorf("%s/README.md does not say %q", name, need)
			}
		}
		if !strings.Contains(string(page), "http") && name != "bank-sample" {
			t.Errorf("%s/README.md names no source", name)
		}
	}
	if _, err := packs.Policy("narnia"); touch.ClassOf(err) != touch.NotFound {
		t.Errorf("%v", err)
	}
}
