package touch_test

import (
	"testing"

	"touchgate.dev/touch"
)

func TestIsOptOut(t *testing.T) {
	for text, want := range map[string]bool{
		"STOP": true, "stop": true, " Stop. ": true, "\"STOP\"": true, "STOP!!!": true, "ＳＴＯＰ": true, "StopAll": true,
		"Stop please": true, "stop texting me": true, "UNSUBSCRIBE": true, "Opt-Out": true, "opt out": true, "OPTOUT": true,
		"End": true, "quit": true, "cancel": true, "revoke": true, "ARRET": true, "Arrêt": true, "BAJA": true, "Стоп": true,
		"退订": true, "退订。": true, "退訂": true, "T": true, "t": true, "TD": true, "td.": true, "Ｔ": true, "N": true, "R": true, "退订谢谢": true,
		"拒收": true, "수신거부": true, "配信停止": true,

		"": false, "  ": false, "?": false, "Yes": false, "OK": false, "stopped": false, "stopwatch": false, "Thanks": false, "TT": false,
		"I will stop by tomorrow": false, "cancel my appointment": false, "the end": false, "终止合同": false,
		"Stop by the branch tomorrow at nine, ask for the manager": false,
	} {
		if got := touch.IsOptOut(text); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}
