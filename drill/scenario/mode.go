package scenario

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Fault is how a target fails.
type Fault string

// The faults. The zero Fault is none: the target answers.
const (
	Well        Fault = ""
	Refused     Fault = "refused"     // nobody listens
	Timeout     Fault = "timeout"     // no connection comes about
	Reset       Fault = "reset"       // the connection is cut
	Status      Fault = "status"      // an HTTP status, with a body in the service's words
	WrongBody   Fault = "wrong body"  // 200 with somebody else's page
	Empty       Fault = "empty"       // 200 with nothing found
	Lost        Fault = "lost"        // taken, and never delivered
	Quota       Fault = "quota"       // 429 with Retry-After
	QuotaCode   Fault = "quota code"  // 400 with code -10
	Credential  Fault = "credential"  // 401
	TLS         Fault = "tls"         // a certificate of an unknown authority
	NoName      Fault = "no name"     // the name does not exist
	Unreachable Fault = "unreachable" // our own network has no way there
)

var faults = []Fault{
	Refused, Timeout, Reset, WrongBody, Empty, Lost, Quota, QuotaCode, Credential, TLS, NoName, Unreachable,
}

// Mode is how a target behaves: `ok`, or of these, joined by commas: a fault,
// `slow 6s`, `error 40%` (that part of the requests fails) and `flap 3m` (it
// fails and answers in turns of that length).
type Mode struct {
	Fault  Fault
	Status int           // of Status
	Slow   time.Duration // an answer takes this much longer
	Error  int           // per cent of the requests that fail
	Flap   time.Duration // turns of failing and answering
}

const (
	maxSlow = time.Hour
	minFlap = time.Second
)

// ParseMode reads a mode.
func ParseMode(text string) (Mode, error) {
	var m Mode
	for part := range strings.SplitSeq(text, ",") {
		if err := m.add(strings.TrimSpace(part)); err != nil {
			return Mode{}, err
		}
	}
	if m.Flap > 0 && m.Fault == Well && m.Slow == 0 {
		return Mode{}, fmt.Errorf("flap says how often, not what; write a fault with it, such as \"status 503, flap %s\"", m.Flap)
	}
	return m, nil
}

func (m *Mode) add(part string) (err error) {
	word, rest, _ := strings.Cut(part, " ")
	switch {
	case part == "ok":
		return nil
	case slices.Contains(faults, Fault(part)):
		return m.fail(Fault(part))
	case word == "status":
		m.Status, err = strconv.Atoi(rest)
		if err != nil || m.Status < 300 || m.Status > 599 {
			return fmt.Errorf("%q is no failing status; write one like status 503", part)
		}
		return m.fail(Status)
	case word == "slow":
		m.Slow, err = time.ParseDuration(rest)
		if err != nil || m.Slow <= 0 || m.Slow > maxSlow {
			return fmt.Errorf("%q is no delay; write one like slow 6s", part)
		}
	case word == "error":
		m.Error, err = strconv.Atoi(strings.TrimSuffix(rest, "%"))
		if err != nil || m.Error < 1 || m.Error > 99 || !strings.HasSuffix(rest, "%") {
			return fmt.Errorf("%q is no share; write one like error 40%%", part)
		}
	case word == "flap":
		m.Flap, err = time.ParseDuration(rest)
		if err != nil || m.Flap < minFlap || m.Flap > maxSlow {
			return fmt.Errorf("%q is no turn; write one like flap 3m", part)
		}
	default:
		return fmt.Errorf("nothing behaves as %q; write ok, slow 6s, error 40%%, flap 3m, status 503, %s", part, names(faults))
	}
	return nil
}

func (m *Mode) fail(f Fault) error {
	if m.Fault != Well {
		return fmt.Errorf("fails both by %s and by %s; keep one", m.Fault, f)
	}
	m.Fault = f
	return nil
}

func names(all []Fault) string {
	words := make([]string, len(all))
	for i, f := range all {
		words[i] = string(f)
	}
	return strings.Join(words, ", ")
}

// UnmarshalText reads a mode.
func (m *Mode) UnmarshalText(text []byte) (err error) {
	*m, err = ParseMode(string(text))
	return err
}

// String writes the mode as it is read.
func (m Mode) String() string {
	var parts []string
	switch m.Fault {
	case Well:
	case Status:
		parts = append(parts, fmt.Sprintf("status %d", m.Status))
	default:
		parts = append(parts, string(m.Fault))
	}
	if m.Slow > 0 {
		parts = append(parts, "slow "+m.Slow.String())
	}
	if m.Error > 0 {
		parts = append(parts, fmt.Sprintf("error %d%%", m.Error))
	}
	if m.Flap > 0 {
		parts = append(parts, "flap "+m.Flap.String())
	}
	if len(parts) == 0 {
		return "ok"
	}
	return strings.Join(parts, ", ")
}

// At is the mode as one request meets it: since is how long the mode has been
// so, and chance a number from 0 to 99 drawn for the request.
func (m Mode) At(since time.Duration, chance int) Mode {
	if m.Flap > 0 && since/m.Flap%2 == 1 {
		return Mode{}
	}
	if m.Error > 0 && chance < m.Error && m.Fault == Well {
		return Mode{Fault: Status, Status: 503, Slow: m.Slow}
	}
	if m.Error > 0 && chance >= m.Error && m.Fault != Well {
		return Mode{Slow: m.Slow}
	}
	return m
}
