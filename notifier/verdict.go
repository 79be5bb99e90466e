package notifier

import (
	"errors"
	"time"
)

// verdict is what one answer of a gateway says: of the delivery, and of the
// gateway itself.
type verdict struct {
	kind      ResultKind
	recipient bool // the recipient's fault: the gateway is well
	suppress  bool
	code      string
	text      string
	rest      time.Duration // the gateway asked for a pause
	fault     bool          // the gateway's fault
	aside     bool          // of the recipient's end alone: the gateway is neither well nor ill by it
}

// judge reads the error of a hand-over.
func judge(err error) verdict {
	if err == nil {
		return verdict{kind: Handed}
	}
	if e, ok := errors.AsType[*RecipientError](err); ok {
		v := judge(e.Err)
		v.fault, v.aside = false, true
		return v
	}
	if e, ok := errors.AsType[*RejectedError](err); ok {
		return verdict{kind: Refused, recipient: e.Recipient, suppress: e.Suppress, code: e.Code, text: e.Text, fault: !e.Recipient}
	}
	if e, ok := errors.AsType[*ThrottledError](err); ok {
		return verdict{kind: Retry, code: "throttled", text: e.Text, rest: max(e.After, time.Millisecond)}
	}
	if e, ok := errors.AsType[*UncertainError](err); ok {
		return verdict{kind: Doubtful, code: "uncertain", text: e.Error(), fault: true}
	}
	return verdict{kind: Retry, code: "error", text: err.Error(), fault: true}
}

// answer is what the verdict says of the gateway.
func (v verdict) answer() Answer {
	switch {
	case v.aside:
		return NoRequest
	case v.rest > 0:
		return Throttled
	case v.fault:
		return Fault
	}
	return Answered
}

// classOK is the class of what a gateway took.
const classOK = "ok"

// class names the verdict for the metrics.
func (v verdict) class() string {
	switch {
	case v.kind == Handed:
		return classOK
	case v.aside || v.kind == Refused && v.recipient:
		return "recipient"
	case v.rest > 0:
		return "throttled"
	case v.kind == Doubtful:
		return "uncertain"
	case v.kind == Refused:
		return "rejected"
	}
	return "error"
}
