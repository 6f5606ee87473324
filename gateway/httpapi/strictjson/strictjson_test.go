package strictjson_test

import (
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"

	"touchgate.dev/gateway/httpapi/strictjson"
	"touchgate.dev/touch"
)

const whole = `{"key":"loan-42-c10086","customer":"c10086","category":"marketing","campaign":"auto-loan-nov","subject":"auto-loan",
 "priority":5,"not_before":"2026-11-21T09:00:00+08:00","expires_at":"2026-11-23T20:00:00+08:00","plan":[
 {"channel":"push","template":"loan-offer","params":{"amount":"50000"},"wait":"30m","until":"delivered"},
 {"channel":"sms","content":{"title":"T","body":"贷款 \"now\" \u00e9","link":"https://a.example/x","data":{"k":"v"}}},
 {"channel":"rm_task","title":"Call about the car loan","due_in":"48h","assign":{"queue":"q"}}],
 "addresses":{"sms":"+8613800000000"}}`

func TestDecodeLikeEncodingJSON(t *testing.T) {
	var got, want touch.Request
	if err := strictjson.Decode([]byte(whole), &got); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(whole), &want); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestDecodeFaults(t *testing.T) {
	deep := strings.Repeat("[", 1_000_000)
	for name, tc := range map[string]struct{ in, field, says string }{
		"unknown":         {`{"key":"a","colour":"red"}`, "colour", "not a field"},
		"unknown within":  {`{"plan":[{"channel":"sms"},{"chanel":"sms"}]}`, "plan[1].chanel", "not a field"},
		"case":            {`{"Key":"a"}`, "Key", "not a field"},
		"twice":           {`{"key":"a","key":"b"}`, "key", "twice"},
		"twice in a map":  {`{"plan":[{"params":{"x":"1","\u0078":"2"}}]}`, "plan[0].params.x", "twice"},
		"twice in texts":  {`{"addresses":{"sms":"1","sms":"2"}}`, "addresses.sms", "twice"},
		"number for text": {`{"plan":[{"params":{"amount":5}}]}`, "plan[0].params.amount", "must be a string"},
		"text for number": {`{"priority":"5"}`, "priority", "must be a number"},
		"fraction":        {`{"priority":5.5}`, "priority", "whole number"},
		"leading zero":    {`{"priority":05}`, "", "broken JSON"},
		"bad time":        {`{"not_before":"tomorrow"}`, "not_before", "RFC 3339"},
		"bad duration":    {`{"plan":[{"wait":"soon"}]}`, "plan[0].wait", "not a duration"},
		"object for list": {`{"plan":{}}`, "plan", "must be a list"},
		"list for object": {`[]`, "", "must be an object"},
		"depth":           {`{"key":` + deep, "", "too deep"},
		"rest":            {`{} {}`, "", "after top-level value"},
		"cut off":         {`{"key":"a`, "key", "ends too early"},
		"cut off object":  {`{"key":"a"`, "", "ends too early"},
		"empty":           {``, "", "ends too early"},
		"NUL":             {`{"key":"a\u0000"}`, "key", "NUL"},
		"control":         {"{\"key\":\"a\nb\"}", "key", "control"},
		"not UTF-8":       {"{\"key\":\"a\xff\"}", "key", "UTF-8"},
		"broken escape":   {`{"key":"\x"}`, "key", "escape"},
		"trailing comma":  {`{"key":"a",}`, "", "broken JSON"},
	} {
		var r touch.Request
		err := strictjson.Decode([]byte(tc.in), &r)
		var te *touch.Error
		if !errors.As(err, &te) || te.Class != touch.Invalid || te.Field != tc.field || !strings.Contains(te.Message, tc.says) {
			t.Errorf("%s: got %v, want %q at %q", name, err, tc.says, tc.field)
		}
	}
}

type loose struct {
	Any  map[string]any   `json:"any"`
	Raws []strictjson.Raw `json:"raws"`
	On   *bool            `json:"on"`
	N    float64          `json:"n"`
	touch.Consent
}

func TestDecodeLooseTypes(t *testing.T) {
	var got loose
	in := `{"any":{"a":[1,2.5e3,-0,"x",null,true,{"b":false}]},"raws":[{"x":1},"y"],"on":false,"n":-1.5,"scope":"marketing","granted":true}`
	if err := strictjson.Decode([]byte(in), &got); err != nil {
		t.Fatal(err)
	}
	var want map[string]any
	_ = json.Unmarshal([]byte(in), &want)
	if !reflect.DeepEqual(got.Any, want["any"]) {
		t.Errorf("any: %v, want %v", got.Any, want["any"])
	}
	if string(got.Raws[0]) != `{"x":1}` || string(got.Raws[1]) != `"y"` || got.On == nil || *got.On || got.N != -1.5 ||
		got.Scope != "marketing" || !got.Granted {
		t.Errorf("got %+v", got)
	}
	for in, says := range map[string]string{
		`{"any":` + strings.Repeat(`{"a":`, 20) + `1`: "too deep",
		`{"raws":[` + strings.Repeat("[", 1_000_000):  "too deep",
		`{"any":{"a":{"b":1,"b":2}}}`:                 "twice",
		`{"any":{"a":1e999}}`:                         "range",
		`{"raws":[nul]}`:                              "broken JSON",
	} {
		var fresh loose
		if err := strictjson.Decode([]byte(in), &fresh); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%.40s: got %v, want %q", in, err, says)
		}
	}
}

// FuzzAgainstEncodingJSON checks that encoding/json reads what Decode accepts,
// to the same value, and that Decode never panics.
func FuzzAgainstEncodingJSON(f *testing.F) {
	f.Add([]byte(whole))
	f.Add([]byte(`{"addresses":{"sms":"\ud83d\ude00"},"priority":-0,"plan":null}`))
	f.Add([]byte(`{"plan":[{"params":{"":"\\"}}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var got, want touch.Request
		if strictjson.Decode(data, &got) != nil {
			return
		}
		if err := json.Unmarshal(data, &want); err != nil {
			t.Fatalf("encoding/json refuses %q: %v", data, err)
		}
		a, _ := json.Marshal(got)
		b, _ := json.Marshal(want)
		if string(a) != string(b) {
			t.Fatalf("%q\ngot  %s\nwant %s", data, a, b)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	line, err := os.ReadFile("testdata/line.json")
	if err != nil {
		b.Fatal(err)
	}
	b.Run("strict", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var r touch.Request
			if err := strictjson.Decode(line, &r); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encoding_json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var r touch.Request
			if err := json.Unmarshal(line, &r); err != nil {
				b.Fatal(err)
			}
		}
	})
}
