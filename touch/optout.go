package touch

import (
	"slices"
	"strings"
	"unicode"
)

// optOutWords are the words that customers send to stop messages. A text that is
// one of them, in any case and with any punctuation, is an opt-out.
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

// optOutBeginnings are the words that make a short text an opt-out if it begins
// with one: "STOP please", "unsubscribe me", "退订谢谢".
var optOutBeginnings = []string{"stop", "stopall", "unsubscribe", "unsub", "arret", "arrêt", "стоп", "退订", "退訂", "拒收"}

// maxOptOut is the length of the longest opt-out, in characters. A longer text
// that begins with "Stop" is about something else.
const maxOptOut = 40

// IsOptOut reports whether a text from a customer asks the bank to send no more
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

// plainWords returns a text in lower case, with one blank in place of blanks and
// punctuation, and with full-width letters (ＳＴＯＰ) as usual ones.
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

// isLetterOfAlphabet reports whether a word has no Chinese characters.
func isLetterOfAlphabet(word string) bool {
	return !strings.ContainsFunc(word, func(r rune) bool { return unicode.Is(unicode.Han, r) })
}
