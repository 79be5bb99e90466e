package imports

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// conditions turns what Gatus expects into expectations.
func (g gatus) conditions(e tree, x *check) {
	action := x.action()
	for _, c := range e.at("conditions").list() {
		text := g.text(c.text())
		written, why := condition(action, text)
		switch {
		case why != "":
			g.left(x.where, "the condition %s: %s", line(text, 120), why)
		case written != "":
			x.expect = append(x.expect, written)
		}
	}
}

var operators = regexp.MustCompile(`^(.*?)\s*(==|!=|<=|>=|<|>)\s*(.*)$`)

// condition is a condition as an expectation of a check by the action; empty if
// it holds anyway. It says why there is none.
func condition(action, text string) (written, why string) {
	m := operators.FindStringSubmatch(text)
	if m == nil {
		return "", "it compares nothing"
	}
	left, op, right := m[1], m[2], m[3]
	if strings.Contains(text, "[CONTEXT]") {
		return "", "values from other endpoints are saved by save: in steps"
	}
	switch {
	case left == "[STATUS]" && isHTTP(action):
		return compare("status", op, right, "string(status)")
	case left == "[STATUS]" && action == "grpc", left == "[CONNECTED]" && op == "==" && right == "true":
		return "", "" // it has to answer anyway
	case left == "[STATUS]":
		return "", "such a check has no status"
	case left == "[RESPONSE_TIME]":
		return withNumber("ms", op, right)
	case left == "[CERTIFICATE_EXPIRATION]" && (isHTTP(action) || action == "tls"):
		return certificate(op, right)
	case left == "[DNS_RCODE]" && action == "dns":
		return compare("rcode", op, right, "rcode")
	case left == "[BODY]" && action == "dns":
		return among("answers", op, right)
	case strings.HasPrefix(left, "[BODY]"), strings.HasPrefix(left, "len([BODY]"), strings.HasPrefix(left, "has([BODY]"):
		return ofBody(action, left, op, right)
	default:
		return "", "nothing here speaks of " + line(left, 60)
	}
}

func isHTTP(action string) bool { return slices.Contains(httpMethods, action) }

// withNumber compares with a number.
func withNumber(what, op, right string) (written, why string) {
	if _, err := strconv.ParseFloat(right, 64); err != nil {
		return "", "it compares with what is no number"
	}
	return what + " " + op + " " + right, ""
}

// certificate compares whole days, of which there are at least as many.
func certificate(op, right string) (written, why string) {
	d, err := time.ParseDuration(right)
	if err != nil || op != ">" && op != ">=" {
		return "", "write it as cert.days >= a number of days"
	}
	return fmt.Sprintf("cert.days >= %d", int(math.Ceil(d.Hours()/24))), ""
}

// among compares with what a list holds.
func among(list, op, right string) (written, why string) {
	one, why := compare("#", op, right, "#")
	if why != "" {
		return "", why
	}
	if op == "!=" {
		return "all(" + list + ", " + one + ")", ""
	}
	return "any(" + list + ", " + one + ")", ""
}

// ofBody compares with a part of an answer's body.
func ofBody(action, left, op, right string) (written, why string) {
	whole, root := "body", "json"
	switch {
	case action == "ws":
		whole = "message"
	case action == "tcp":
		whole, root = "banner", ""
	case !isHTTP(action):
		return "", "such a check has no body"
	}
	inside, function := left, ""
	for _, f := range []string{"len(", "has("} {
		if rest, ok := strings.CutPrefix(left, f); ok && strings.HasSuffix(rest, ")") {
			inside, function = strings.TrimSuffix(rest, ")"), f
		}
	}
	if path := strings.TrimPrefix(inside, "[BODY]"); path == "" && function == "" {
		return compare(whole, op, right, whole)
	}
	if root == "" {
		return "", "what a socket says is text, not JSON"
	}
	of, ok := jsonPath(root, strings.TrimPrefix(inside, "[BODY]"), function == "has(")
	if !ok {
		return "", "its path is none that expectations have"
	}
	switch function {
	case "has(":
		if op != "==" && op != "!=" || right != "true" && right != "false" {
			return "", "has is compared with true or false"
		}
		if (op == "==") == (right == "true") {
			return of + " != nil", ""
		}
		return of + " == nil", ""
	case "len(":
		return withNumber("len("+of+")", op, right)
	}
	if other, found := strings.CutPrefix(right, "[BODY]"); found {
		other, ok := jsonPath(root, other, false)
		if !ok {
			return "", "its path is none that expectations have"
		}
		return of + " " + op + " " + other, ""
	}
	return compare(of, op, right, "string("+of+")")
}

var pathPart = regexp.MustCompile(`^(?:\.([^.\[\]"\\]+)|\[(\d{1,6})\])`)

var plainName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// jsonPath is a path such as .data[0].id in our expressions. If gently, what is
// not there is nil instead of a mistake.
func jsonPath(root, path string, gently bool) (string, bool) {
	out, dot := root, "."
	if gently {
		dot = "?."
	}
	for path != "" {
		m := pathPart.FindStringSubmatch(path)
		switch {
		case m == nil:
			return "", false
		case m[2] != "":
			out += "[" + m[2] + "]"
		case plainName.MatchString(m[1]):
			out += dot + m[1]
		default:
			out += "[" + strconv.Quote(m[1]) + "]"
		}
		path = path[len(m[0]):]
	}
	return out, true
}

// compare compares a value with what stands at the right: a number, a word,
// any(…) or pat(…). asText is the value as a text, for patterns.
func compare(what, op, right, asText string) (written, why string) {
	if rest, ok := inside(right, "any("); ok {
		return anyOf(what, op, rest, what == asText)
	}
	if pattern, ok := inside(right, "pat("); ok {
		return matches(asText, op, pattern)
	}
	if op != "==" && op != "!=" {
		return withNumber(what, op, right)
	}
	return what + " " + op + " " + literal(right, what == asText), ""
}

func inside(text, function string) (string, bool) {
	rest, ok := strings.CutPrefix(text, function)
	if !ok || !strings.HasSuffix(rest, ")") {
		return "", false
	}
	return strings.TrimSuffix(rest, ")"), true
}

func anyOf(what, op, list string, isText bool) (written, why string) {
	var values []string
	for v := range strings.SplitSeq(list, ",") {
		values = append(values, literal(strings.TrimSpace(v), isText))
	}
	in := what + " in [" + strings.Join(values, ", ") + "]"
	switch op {
	case "==":
		return in, ""
	case "!=":
		return "not (" + in + ")", ""
	}
	return "", "any goes with == and != only"
}

// matches is a pattern with * and ? as a regular expression.
func matches(what, op, pattern string) (written, why string) {
	quoted := regexp.QuoteMeta(pattern)
	quoted = strings.ReplaceAll(strings.ReplaceAll(quoted, `\*`, `.*`), `\?`, `.`)
	match := what + " matches " + strconv.Quote("(?s)^"+quoted+"$")
	switch op {
	case "==":
		return match, ""
	case "!=":
		return "not (" + match + ")", ""
	}
	return "", "pat goes with == and != only"
}

// literal is a word as a value: a number, true, false, nil, or a text, which is
// what it is compared with if that is one.
func literal(word string, isText bool) string {
	switch word {
	case "true", "false", "null":
		if isText {
			break
		}
		return strings.Replace(word, "null", "nil", 1)
	}
	if !isText && len(word) <= 15 && plainNumber.MatchString(word) {
		return word
	}
	return strconv.Quote(word)
}

var plainNumber = regexp.MustCompile(`^-?(0|[1-9]\d*)(\.\d+)?$`)
