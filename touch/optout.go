package touch

import (
	"slices"
	"strings"
	"unicode"
)

// optOutWords are what customers write who want no more messages. A message that
// is one of them, in any case and with any punctuation, is an opt-out.
//
// Sources: FCC 24-24 (47 CFR 64.1200(a)(10): stop, quit, end, revoke, opt out,
// cancel, unsubscribe), CTIA's Messaging Principles, the Canadian carriers'
// ARRET, and the answers that Chinese carriers demand (退订, T, TD, N, R).
var optOutWords = []string{
	"stop", "stopall", "stop all", "unsubscribe", "quit", "end", "revoke", "cancel", "opt out", "optout", "remove", "unsub",
	"arret", "arrêt", "désabonner", "desabonner",
	"alto", "baja", "parar", "cancelar", "sair", "remover",
	"stopp", "abmelden", "abbestellen", "afmelden", "avsluta", "annulla", "disiscriviti",
	"стоп", "отписаться", "إيقاف", "توقف", "الغاء", "إلغاء",
	"退订", "退訂", "取消订阅", "取消訂閱", "拒收", "t", "td", "n", "r", "停止", "配信停止", "수신거부", "수신 거부",
}

// optOutBeginnings begin a short message that is an opt-out as well: "STOP
// please", "unsubscribe me", "退订谢谢".
var optOutBeginnings = []string{"stop", "stopall", "unsubscribe", "unsub", "arret", "arrêt", "стоп", "退订", "退訂", "拒收"}

// maxOptOut is the longest text that is looked at, in characters. An opt-out is
// short; a story that begins with "Stop" is not one.
const maxOptOut = 40

// IsOptOut reports whether a text that a customer has written asks for no more
// messages.
func IsOptOut(text string) bool {
	text = plainWords(text)
	if text == "" || len([]rune(text)) > maxOptOut {
		return false
	}
	if slices.Contains(optOutWords, text) {
		return true
	}
	for _, word := range optOutBeginnings {
		rest, begins := strings.CutPrefix(text, word)
		// Chinese is written without blanks between words.
		ends := rest != "" && (rest[0] == ' ' || !isLetterOfAlphabet(word))
		if begins && ends {
			return true
		}
	}
	return false
}

// plainWords returns a text in small letters, with one blank where it has blanks
// or punctuation, and with full-width letters as usual ones.
func plainWords(text string) string {
	letters := strings.Map(func(r rune) rune {
		if r >= '！' && r <= '～' {
			r -= '！' - '!'
		}
		if unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return ' '
	}, text)
	return strings.Join(strings.Fields(letters), " ")
}

func isLetterOfAlphabet(word string) bool {
	return !strings.ContainsFunc(word, func(r rune) bool { return unicode.Is(unicode.Han, r) })
}
