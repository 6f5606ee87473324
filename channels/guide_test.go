package channels_test

import (
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"touchgate.dev/channels"
	"touchgate.dev/channels/adapter"
	smshttp "touchgate.dev/channels/sms/http"
	"touchgate.dev/internal/simulator"
)

// The examples of the adapter guide are taken as they are written.
func TestGuide(t *testing.T) {
	text, err := os.ReadFile("../docs/adapters.md")
	if err != nil {
		t.Fatal(err)
	}
	var sample struct {
		Providers []channels.ProviderConfig `yaml:"providers"`
	}
	in := yaml.NewDecoder(strings.NewReader(block(t, string(text), "yaml")))
	in.KnownFields(true)
	if err := in.Decode(&sample); err != nil {
		t.Fatal(err)
	}
	if _, err := channels.NewRegistry(smshttp.Factory()).Open(sample.Providers, adapter.Options{}, channels.Options{}); err != nil {
		t.Errorf("the sample configuration: %v", err)
	}

	s, err := simulator.Start("", simulator.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	command := regexp.MustCompile(`(?s)curl -d '(.*?)'`).FindStringSubmatch(block(t, string(text), "sh"))
	if command == nil {
		t.Fatal("the guide commands no simulator")
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Post(s.URL("control"), "application/json", strings.NewReader(command[1]))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusNoContent {
		t.Errorf("the sample command: %d", resp.StatusCode)
	}
}

// block is the first fenced block of a language.
func block(t *testing.T, text, language string) string {
	t.Helper()
	_, rest, ok := strings.Cut(text, "```"+language+"\n")
	if !ok {
		t.Fatalf("the guide has no block of %s", language)
	}
	body, _, _ := strings.Cut(rest, "```")
	return body
}
