package ruleset

import "strings"

// flowScanner looks through YAML for the place where a text in braces ends too
// early. The YAML library names the line on which the braces begin, or the one
// before.
type flowScanner struct {
	text  string
	at    int
	line  int
	depth int // of braces and brackets
	// block is set inside a block scalar (| or >), which ends with its indent.
	block       bool
	blockIndent int
}

// flowFault returns the line of the first text in braces that goes on after it
// has ended, as consented("x", "2 years") does after its comma, and the key that
// it stands under; 0 if there is none.
func flowFault(data []byte) (line int, key string) {
	s := &flowScanner{text: string(data)}
	for s.at < len(s.text) {
		begin := s.at
		end := strings.IndexByte(s.text[begin:], '\n')
		if end < 0 {
			end = len(s.text) - begin
		}
		s.line++
		if found := s.scanLine(s.text[begin : begin+end]); found {
			return s.line, s.keyBefore(begin)
		}
		s.at = begin + end + 1
	}
	return 0, ""
}

// scanLine scans one line and reports whether a text goes on there that has ended.
func (s *flowScanner) scanLine(line string) bool {
	indent := len(line) - len(strings.TrimLeft(line, " "))
	blank := strings.TrimSpace(line) == ""
	if s.block {
		if blank || indent > s.blockIndent {
			return false
		}
		s.block = false
	}
	const (
		fresh  = iota // a value may begin
		plain         // within a plain text
		quoted        // after a quoted text: a comma, a colon or an end must follow
	)
	state := fresh
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case c == ' ' || c == '\t':
		case c == '#' && (i == 0 || line[i-1] == ' '):
			return false
		case (c == '"' || c == '\'') && state == fresh:
			i = closingQuote(line, i)
			state = quoted
		case (c == '{' || c == '[') && state == fresh:
			s.depth++
		case (c == '{' || c == '[') && state == plain && s.depth > 0:
			return true // channel in ["sms"] without quotes
		case (c == '}' || c == ']') && s.depth > 0:
			s.depth--
			state = quoted
		case c == ',' && s.depth > 0, c == ':' && (i+1 == len(line) || line[i+1] == ' ' || state == quoted):
			state = fresh
		case c == '-' && state == fresh && i+1 < len(line) && line[i+1] == ' ':
		case (c == '|' || c == '>') && state == fresh && s.depth == 0:
			s.block = true
			s.blockIndent = indent
			return false
		case state == quoted && s.depth > 0:
			return true
		default:
			state = plain
		}
	}
	return false
}

// closingQuote is where a quoted text ends that begins at i; the line's end if it
// goes on.
func closingQuote(line string, i int) int {
	quote := line[i]
	for j := i + 1; j < len(line); j++ {
		switch {
		case quote == '"' && line[j] == '\\':
			j++
		case line[j] == quote && quote == '\'' && j+1 < len(line) && line[j+1] == '\'':
			j++
		case line[j] == quote:
			return j
		}
	}
	return len(line)
}

// keyBefore is the last key of a rule on the line that begins at an offset, such
// as require; "" if there is none.
func (s *flowScanner) keyBefore(begin int) string {
	line, _, _ := strings.Cut(s.text[begin:], "\n")
	best, key := -1, ""
	for _, word := range []string{"when", "unless", "require"} {
		// The first condition that is not in quotes is the one that broke.
		i := strings.Index(line, word+": ")
		if i >= 0 && !strings.ContainsRune(`'"`, rune((line[i+len(word)+2:] + " ")[0])) && (best < 0 || i < best) &&
			strings.ContainsAny(conditionAfter(line[i+len(word)+2:]), `,[{`) {
			best, key = i, word
		}
	}
	return key
}

// conditionAfter is the text up to where the next key of a rule begins.
func conditionAfter(text string) string {
	for _, k := range kinds() {
		if i := strings.Index(text, ", "+k.key+": "); i >= 0 {
			text = text[:i]
		}
	}
	for _, key := range commonKeys {
		if i := strings.Index(text, ", "+key+": "); i >= 0 {
			text = text[:i]
		}
	}
	return strings.TrimRight(text, "} ")
}
