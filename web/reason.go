package web

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"bongsu/status"
	"bongsu/web/speech"
)

// Reason is why a look failed, a gateway is judged dead, or the like, for
// people. The books, the API and other locations have it in English; what the
// program says itself is known by its form, whoever wrote it and when, and is
// said in the reader's language.
type Reason struct {
	Text  string
	Known bool // Text is in the reader's language; else it is in English, or in a target's own words
}

// Reader is for whom reasons are said.
type Reader struct {
	Voice  *speech.Voice
	Zone   *time.Location                // that times are told in; nil: UTC
	Called func(component string) string // what a component is called; nil: by its id
}

// Reason says to the reader what a text of the program's says in English; nil if
// there is none.
func (r *Reader) Reason(english string) *Reason {
	if english == "" {
		return nil
	}
	if said, known := r.say(english, 0); known {
		return &Reason{said, true}
	}
	return &Reason{Text: english}
}

// deepest is how many reasons may be within each other.
const deepest = 4

// say says one reason; or several with "; " between them; or one with a name
// before it, as in "portal: connection refused".
func (r *Reader) say(english string, depth int) (string, bool) {
	if depth > deepest || english == "" {
		return "", false
	}
	if parts := strings.Split(english, "; "); len(parts) > 1 {
		for i, part := range parts {
			said, known := r.say(part, depth+1)
			if !known {
				parts = nil
				break
			}
			parts[i] = said
		}
		if parts != nil {
			return strings.Join(parts, "; "), true
		}
	}
	for i := range phrases {
		if pairs, ok := phrases[i].read(r, english, depth); ok {
			return r.Voice.Say("reason_"+phrases[i].id, pairs...), true
		}
	}
	name, rest, found := strings.Cut(english, ": ")
	if said, known := r.say(rest, depth+1); found && known {
		return name + ": " + said, true
	}
	return "", false
}

// phrase is a reason as the program writes it, with the names of what varies in
// braces. What stands there has to be of its kind, so that nothing else is taken
// for it.
type phrase struct{ id, english string }

// read gives what varies in a text that has the phrase's form, as pairs of name
// and value.
func (p *phrase) read(r *Reader, text string, depth int) (pairs []any, ok bool) {
	lead, form, more := strings.Cut(p.english, "{")
	text, ok = strings.CutPrefix(text, lead)
	for ok && more {
		var name, literal, value string
		name, form, _ = strings.Cut(form, "}")
		literal, form, more = strings.Cut(form, "{")
		if more {
			value, text, ok = strings.Cut(text, literal)
		} else {
			value, ok = strings.CutSuffix(text, literal)
			text = ""
		}
		if !ok || value == "" {
			return nil, false
		}
		value, ok = r.filled(name, value, depth)
		pairs = append(pairs, name, value)
	}
	return pairs, ok && text == ""
}

// filled says what stands in a place of a phrase, and whether it is of the
// place's kind.
func (r *Reader) filled(name, value string, depth int) (string, bool) {
	switch name {
	case "Time", "Ago", "Took", "Slow", "Delay":
		d, err := time.ParseDuration(value)
		return lasted(r.Voice, d), err == nil
	case "Clock", "Since":
		t, err := time.Parse(clockForm, value)
		return r.clock(t), err == nil
	case "Count", "All", "Failed", "Lost", "Share":
		_, err := strconv.ParseUint(value, 10, 64)
		return value, err == nil
	case "Checks":
		digits, _, _ := strings.Cut(value, " check")
		n, err := strconv.Atoi(digits)
		return r.Voice.Count("reason_checks", n), err == nil
	case "Moment", "Onset":
		t, err := time.Parse(cardClock, value)
		return r.Voice.Say("reason_moment", "Time", t.Format("15:04:05"), "Day", t.Day(), "Month", int(t.Month()), "MonthName", t.Month().String()[:3]), err == nil
	case "Update":
		said := r.Voice.Say("kind_" + value)
		return said, said != "kind_"+value
	case "Way":
		return r.Voice.Say("reason_way_" + value), value == "page" || value == "sms"
	case "Cause":
		return r.cause(value), true
	case "State":
		var state status.State
		err := state.UnmarshalText([]byte(value))
		return r.Voice.Say("state_" + value), err == nil
	case "Component":
		return r.called(value), !strings.Contains(value, " ")
	case "Components":
		return r.Voice.List(r.eachCalled(strings.Split(value, ", "))), true
	case "Quoted":
		return value, !strings.ContainsAny(value, " :") || strings.HasPrefix(value, `"`)
	case "Form":
		return r.listed(wanteds, value)
	case "Thing":
		return r.listed(things, value)
	case "Sort":
		return r.listed(sorts, value)
	case "Wanted":
		said, _ := r.listed(wanteds, value)
		return said, true
	case "Why", "Seen", "Audience":
		if said, known := r.say(value, depth+1); known {
			return said, true
		}
	}
	return value, true
}

// listed is the word for one of a list; of what is not there, what it is called.
func (r *Reader) listed(list map[string]string, value string) (string, bool) {
	id, known := list[value]
	if !known {
		return value, false
	}
	return r.Voice.Say(id), true
}

func (r *Reader) called(component string) string {
	if r.Called == nil {
		return component
	}
	return r.Called(component)
}

func (r *Reader) eachCalled(components []string) []string {
	for i := range components {
		components[i] = r.called(components[i])
	}
	return components
}

// cause says what an incident is about, which is a component or what it stands in.
func (r *Reader) cause(id string) string {
	switch kind, name, _ := strings.Cut(id, ":"); kind {
	case "component":
		return r.called(name)
	case "domain":
		return r.Voice.Say("domain", "Name", name)
	}
	return id
}

// cardClock is how a scorecard writes an instant of its scenario.
const cardClock = "2 Jan 15:04:05"

// clockForm is how the program writes an instant within a text for operators.
const clockForm = "15:04:05 UTC on 2 January 2006"

// clock says an instant by the reader's clock.
func (r *Reader) clock(t time.Time) string {
	if r.Zone != nil {
		t = t.In(r.Zone)
	}
	return r.Voice.Say("reason_clock", "Time", t.Format("15:04:05 MST"), "Day", t.Day(), "Month", int(t.Month()), "MonthName", t.Month().String())
}

// lasted is a time as a person measures it.
func lasted(v *speech.Voice, d time.Duration) string {
	switch {
	case d < time.Minute && d%(100*time.Millisecond) != 0:
		return v.Took(d)
	case d < 10*time.Minute || d%time.Minute == 0 && d < time.Hour || d%time.Hour == 0:
		return v.Period(d)
	default:
		return v.Span(d)
	}
}

// phrases are all that the program gives as a reason, the more particular ones
// first. Their words are in locales/*/reasons.yaml.
var phrases = slices.Concat(alarmPhrases, cardPhrases, reasonPhrases, listPhrases, problemPhrases)

// alarmPhrases are what operators are alarmed by.
var alarmPhrases = []phrase{
	{"alarm_many", `more than {Count} things are wrong within an hour; the latest: {Why}`},
	{"alarm_words", `some notices could not be worded and are not sent: {Said}`},
	{"alarm_doubt", `the location {Place} has not been believed since {Clock}: {Why}`},
	{"alarm_trust", `the location {Place} is believed again; it had not been since {Clock}: {Why}`},
	{"alarm_unheard_ever", `the location {Place} has not been heard of since it came under judgement; start its agent, or take it out of locations:`},
	{"alarm_unheard", `the location {Place} has not been heard of since {Clock}`},
	{"alarm_heard", `the location {Place} is heard of again`},
	{"alarm_controls_ever", "the controls of the location {Place} have never answered, so what fails from there since {Clock} waits and nobody is told; `bongsu check` says what keeps them from answering"},
	{"alarm_controls", "the controls of the location {Place} have not answered since {Since}, so what fails from there since {Clock} waits and nobody is told; `bongsu check` says what keeps them from answering"},
	{"alarm_promise", `the next word on incident {Code} was promised by {Clock} and did not come`},
	{"alarm_dropped", `incident {Code} has ended without a recovery: what it is about is not in the configuration any more; those who heard that it began hear of no end`},
	{"alarm_work_bound", `the work {Work} was to end and {Components} fails still: it may not be prolonged any more, and what fails is told as an outage`},
	{"alarm_work", `the work {Work} was to end and {Components} fails still: it is prolonged until {Clock}`},
	{"alarm_schedule", `the schedule has stood still for {Time}: what the page shows may be old`},
	{"alarm_judge", `the judge has stood still for {Time}: what the page shows may be old`},
	{"alarm_late", `{Checks} began late: this machine was suspended, or has too much to do; the worst is {Check}, by {Time}`},
	{"alarm_not_started", `{Checks} should have run and did not; the worst is {Check}, by {Time}`},
	{"alarm_hanging", `{Checks} did not end when their time was up; the worst is {Check}, by {Time}`},
	{"alarm_notice", `notice {Notice}: {Why}`},
	{"alarm_no_plan", `plan {Plan} is not configured, so nobody is told`},
	{"alarm_no_text", `it has no text for {Class}, so nobody is told that way`},
	{"alarm_refused", `the text for {Class} in {Lang} must not leave: {Said}`},
	{"alarm_twice", `{Lost} of {All} people on {Channel} were delivered to after all; the rest wait for their receipts`},
	{"alarm_cap", `the daily cap is reached: the channel is held until it is resumed or the day is over`},
	{"alarm_resting", `it keeps failing and is given rests: {Why}`},
	{"alarm_dead", `judged dead: {Why}`},
	{"alarm_ledger", `the database takes nothing, so nothing is sent; it is asked again and again: {Said}`},
	{"alarm_ledger_back", `the database had taken nothing for {Time} and does again: sending goes on`},
	{"alarm_leapt", `the database's clock has jumped forward by {Time}; it is followed once nothing is queued`},
	{"alarm_leapt_back", `the database's clock has jumped back by {Time}; it is followed once nothing is queued`},
}

// cardPhrases are what a drill's scorecard backs its verdicts with.
var cardPhrases = []phrase{
	{"card_not_played", `nothing in this configuration plays {Target}`},
	{"card_incident", `{Incident}: cause {Cause}, {Count} components, told {Moment}`},
	{"card_words_before", `first words by {Way} at {Moment}, {Delay} before {Onset}`},
	{"card_words", `first words by {Way} at {Moment}, {Delay} after {Onset}`},
	{"card_affected", `{Component} is {State}, affected by {Cause}, from {Moment}`},
	{"card_state_at", `{Component}: {State} at {Moment}`},
	{"card_state_from", `{Component}: {State} from {Moment}`},
	{"card_state_since", `{Component} is {State} from {Moment}`},
	{"card_reached", `told at {Moment}, everybody reached by {Onset}`},
	{"card_silence", `{Incident}: {Count} updates, the longest silence {Time}`},
	{"card_digests", `{Count} digests by SMS, each the only one of its day and person`},
	{"card_kept", `{Time} is kept`},
	{"card_before", `{Count} texts went by {Channel} before`},
	{"card_no_address", `{Count} texts to the public name no address, and say of nothing that it works which does not`},
	{"card_marked", `{Count} texts and {All} pages, each marked as an exercise`},
	{"card_texts", `{Count} texts`},
	{"card_update", `{Moment}: {Update}`},
	{"card_doubted", `{Moment}: doubted true`},
	{"card_not_doubted", `{Moment}: doubted false`},
}

// reasonPhrases are why a look failed, a gateway is judged dead, and the like.
var reasonPhrases = []phrase{
	{"stopped", `the check was stopped before it ended`},
	{"no_steps", `the check has no steps`},
	{"broke", `the probe itself broke: {Said}`},
	{"resolver_late", `the resolver did not answer within {Time}`},
	{"proxy_late", `our proxy gives no way through within {Time}`},
	{"connect_late", `no connection within {Time}`},
	{"tls_late", `no TLS handshake within {Time}`},
	{"answer_late", `connected, but no answer within {Time}`},
	{"answer_cut", `no complete answer within {Time}`},
	{"no_name", `the name {Name} does not exist`},
	{"no_address", `the name {Name} does not exist or has no {Kind} address`},
	{"name_servers", `the name {Name} can not be resolved: its name servers fail`},
	{"no_record", `the name {Name} has no {Kind} record`},
	{"resolver_silent", `the resolver does not answer`},
	{"resolver_away", `the resolver can not be reached`},
	{"resolvers_away", `our resolvers can not be asked: {Why}`},
	{"refused_dns", `it refuses to answer us (REFUSED); ask a resolver that serves this machine, or those who run it`},
	{"unreachable", `our network has no way there (network is unreachable)`},
	{"no_route", `our network has no way there (no route to host)`},
	{"network_down", `our network is down`},
	{"no_ports", `we have no local address or port left`},
	{"files_ours", `we have too many files open`},
	{"files_machine", `this machine has too many files open`},
	{"no_buffers", `this machine has no buffers left`},
	{"firewall", `our own firewall forbids it`},
	{"cert_more", `the certificate is for {Names} and {Count} more, not for {Host}`},
	{"cert_host", `the certificate is for {Names}, not for {Host}`},
	{"cert_issuer", `the certificate is signed by an unknown authority ({Issuer})`},
	{"no_roots", `this machine has no root certificates; install ca-certificates`},
	{"not_tls", `the answer to the TLS handshake is not TLS`},
	{"no_http2", `it does not speak HTTP/2, which is asked for`},
	{"client_cert", `it asks for a client certificate; write cert: and key:`},
	{"client_cert_refused", `our client certificate is refused: {Said}`},
	{"tls_refused", `the TLS handshake was refused: {Said}`},
	{"cert_invalid", `the certificate is not valid: {Said}`},
	{"cert_early", `certificate not valid before {Day}`},
	{"cert_expired_now", `certificate expired less than a day ago`},
	{"cert_expired_day", `certificate expired 1 day ago`},
	{"cert_expired", `certificate expired {Count} days ago`},
	{"refused", `connection refused`},
	{"reset", `connection reset`},
	{"closed", `connection closed in the middle of the answer`},
	{"no_connection", `no connection: the target does not answer`},
	{"unusable", `no usable answer: {Said}`},
	{"proxy", `our proxy gives no way through: {Why}`},
	{"slow_expected", `slow: expected {Expect}, but {Seen}`},
	{"expected", `expected {Expect}, but {Seen}`},
	{"status_is", `status is {Count}`},
	{"slow_run", `slow: it took {Took} instead of {Slow}`},
	{"slow", `slow: {Took} instead of {Slow}`},
	{"shape", `the answer has another shape: {Said}`},
	{"body_long", `the body is longer than {Count} bytes (max_body): {Said}`},
	{"too_often", `we have asked too often ({Said})`},
	{"quota_grpc", `our quota is used up (ResourceExhausted); look less often or ask for a larger one`},
	{"quota", `our quota is used up ({Said})`},
	{"setup", `our set-up there is not right for this ({Said})`},
	{"credential_grpc", `credential refused ({Said}); write a valid one under headers or cert`},
	{"credential", `credential refused ({Said})`},
	{"unexpected_status", `unexpected status {Count}`},
	{"no_service", `it knows no service {Name}; mend service:, or leave it out for the server as a whole`},
	{"can_not_status", `it answers that it can not: status {Count}`},
	{"can_not", `it answers that it can not: {Said}`},
	{"not_serving", `it says that it does not serve (NOT_SERVING)`},
	{"health_unknown", `it does not know how it is ({Said})`},
	{"no_health", `it has no health service (grpc.health.v1); look at it by tls or tcp, or ask those who run it`},
	{"not_health", `its answer is not one about health: {Said}`},
	{"answers", `it answers {Said}`},
	{"no_report_last", `no report within {Time}; the last one came {Ago} ago`},
	{"no_report", `no report within {Time}`},
	{"waits_last", `waits for its first report: we have listened for {Time}; the last one came {Ago} ago`},
	{"waits", `waits for its first report: we have listened for {Time}`},
	{"report_failed_said", `it reports that it failed: exit code {Count}, {Said}`},
	{"report_failed", `it reports that it failed: exit code {Count}`},
	{"reports_elsewhere", "reports do not come in at this location but at the running server: its page tells, and so does `bongsu heartbeats`"},
	{"no_echo", `no answer to {Count} echo requests`},
	{"no_word", `it closed the connection without a word`},
	{"no_websocket", `it does not open a WebSocket: status {Count}`},
	{"other_websocket", `it opens a WebSocket in another way than was asked for`},
	{"closes_can_not", `it closes and says that it can not: {Said}`},
	{"closes_early", `it closes before what is expected comes: {Said}`},
	{"message_long", `a message is longer than {Count} bytes (max_message)`},
	{"redirect_scheme", `it redirects from https to {Said}`},
	{"redirect_host", `it redirects to another host, which must not get our credential`},
	{"not_saved", `{Name} has not been saved by an earlier step`},
	{"credential_unset", `credential {Name} is not set`},
	{"credential_unread", `credential {Name} can not be read: {Said}`},
	{"clock_back", `its clock was set back by {Time}`},
	{"clock_forward", `its clock was set forward by {Time}`},
	{"not_itself", `it does not reach even itself: {Said}`},
	{"requests_failed", `{Failed} of {All} requests failed within {Time}`},
	{"no_receipts", `no receipt for {Lost} of {All} messages after {Time}; usually {Share} % have one`},
	{"component_is", `{Component} is {State}`},
	{"gateways_fail", `every gateway fails`},
	{"gateways_dead", `every gateway is judged dead: {Why}`},
	{"only_dead_take", `no gateway takes messages but those judged dead: {Why}`},
	{"unconfigured", `no longer configured`},
	{"comes_back", `is coming back`},
	{"held", `held: {Why}`},
	{"daily_cap", `daily cap`},
	{"one_left", `if {Domain} fails, only {Left} is left`},
	{"none_left", `if {Domain} fails, no way to {Audience} is left until it works again`},
	{"own_domain", `if {Domain} fails, this server sends nothing; servers elsewhere on one PostgreSQL database would`},
	{"drill_server_ended", `its server ended before it did`},
	{"audience_subscribers", `subscribers`},
	{"audience_operators", `operators`},
	{"drill_broke", `the drill broke off: {Said}`},
}
