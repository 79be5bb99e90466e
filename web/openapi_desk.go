package web

import (
	"net/http"
	"slices"
	"strings"

	"bongsu/web/account"
)

// paging is how lists are read.
var paging = []parameter{
	{"limit", "how many", schema{"type": "integer", "minimum": 1, "maximum": maxPage}},
	{"cursor", "what next of the page before said", textParameter},
}

// auditQueries are how the audit log is searched.
var auditQueries = []parameter{
	{"who", "somebody's id or name", textParameter},
	{"deed", "the short name of what was allowed, such as publish", textParameter},
	{"about", "what it was done to", textParameter},
	{"from", "from when", timeParameter},
	{"until", "until when", timeParameter},
}

// deskOperations are what operators and administrators read and steer.
func deskOperations() []operation {
	read := func(path, says string, d account.Deed, o operation) operation {
		o.method, o.path, o.says, o.deed, o.tag, o.problems = http.MethodGet, apiRoot+path, says, d, "desk", whileAsking
		return o
	}
	write := func(method, path, says string, d account.Deed, o operation) operation {
		o.method, o.path, o.says, o.deed, o.tag, o.problems = method, apiRoot+path, says, d, "desk", whileWriting
		return o
	}
	states := parameter{"state", "open, or past; both if left out", schema{"type": "string", "enum": []string{"open", "past"}}}
	return []operation{
		read("incidents", "Incidents of the last 90 days, newest first", "", operation{answers: typeOf[apiIncidents](), query: append([]parameter{states}, paging...)}),
		read("maintenance", "Work that goes on or is planned", "", operation{answers: typeOf[apiWork]()}),
		read("maintenance/{id}", "One piece of work", "", operation{answers: typeOf[apiMaintenance]()}),
		read("map", "Who needs whom, hard or soft, with the state of each, and which failure domains they stand in", "", operation{answers: typeOf[apiMap]()}),
		read("suspicions", "What other people's monitoring holds against components; nothing is confirmed by it", account.ReadDesk, operation{answers: typeOf[apiSuspicions]()}),
		read("silences", "The components whose failures are not told", account.ReadDesk, operation{answers: typeOf[apiSilences]()}),
		read("components/{id}/silence", "Until when, by whom and why a component is silenced", account.ReadDesk, operation{answers: typeOf[apiSilence]()}),
		write("PUT", "components/{id}/silence", "Keep a component's failures from being told until a time, but for what a person writes", account.Watch, operation{takes: typeOf[newSilence](), answers: typeOf[done]()}),
		write("DELETE", "components/{id}/silence", "End a component's silence", account.Watch, operation{answers: typeOf[done]()}),
		write("POST", "components/{id}/look", "Have every location look at a component now", account.Watch, operation{answers: typeOf[done]()}),
		read("acknowledgements", "Whose incidents are", account.ReadDesk, operation{answers: typeOf[apiHolds]()}),
		write("PUT", "incidents/{id}/acknowledgement", "Look after an incident", account.Publish, operation{answers: typeOf[done]()}),
		write("DELETE", "incidents/{id}/acknowledgement", "Look after it no more", account.Publish, operation{answers: typeOf[done]()}),
		read("texts", "The texts that operators keep ready for updates", account.ReadDesk, operation{answers: typeOf[apiTexts]()}),
		write("POST", "texts", "Keep a text", account.Publish, operation{takes: typeOf[newText](), answers: typeOf[apiKept](), status: http.StatusCreated}),
		read("texts/{id}", "One text", account.ReadDesk, operation{answers: typeOf[KeptText]()}),
		write("PUT", "texts/{id}", "Change a text", account.Publish, operation{takes: typeOf[newText](), answers: typeOf[done]()}),
		write("DELETE", "texts/{id}", "Keep a text no longer", account.Publish, operation{answers: typeOf[done]()}),
		read("deliveries", "Notices of every kind with how far they have come, newest first", account.ReadDesk, operation{answers: typeOf[apiDeliveries](), query: paging}),
		read("deliveries/{id}", "One notice, with its texts and when the last of it will have left", account.ReadDesk, operation{answers: typeOf[Delivery]()}),
		read("deliveries/{id}/unreached", "Whom a notice did not reach, in numbers by reason", account.ReadDesk, operation{answers: typeOf[apiMissedBy]()}),
		write("POST", "deliveries/{id}/pause", "Keep back what of a notice has not left", account.Steer, operation{answers: typeOf[done]()}),
		write("POST", "deliveries/{id}/resume", "Let a notice go on", account.Steer, operation{answers: typeOf[done]()}),
		write("POST", "deliveries/{id}/resend", "Send a notice once more to whom it missed", account.Steer, operation{answers: typeOf[apiResent]()}),
		write("POST", "deliveries/{id}/cancel", "Stop a notice: what of it has not left never will", account.Steer, operation{answers: typeOf[done]()}),
		read("sending", "Whether anything leaves, and which channels are stopped", account.ReadDesk, operation{answers: typeOf[Sending]()}),
		write("POST", "sending/pause", "Stop all sending at once", account.Steer, operation{answers: typeOf[done]()}),
		write("POST", "sending/resume", "Let sending go on", account.Steer, operation{answers: typeOf[done]()}),
		write("POST", "channels/{id}/resume", "Let a channel go on that was stopped at its daily cap, for one more", account.Steer, operation{answers: typeOf[done]()}),
		read("gateways", "How each gateway does, over the last five minutes", account.ReadDesk, operation{answers: typeOf[apiGateways]()}),
		read("subscribers", "Who is told; addresses are masked", account.ReadPeople, operation{answers: typeOf[apiSubscribers](), query: paging}),
		write("POST", "subscribers/search", "Who has an address, written as it is or masked", account.ReadPeople, operation{takes: typeOf[newSearch](), answers: typeOf[apiSubscribers]()}),
		write("POST", "subscribers/import", "Take in a list, with source and time of consent on every line", account.KeepPeople, operation{
			takesText: []string{"text/csv"}, answers: typeOf[ImportRun](), query: []parameter{
				{"dry_run", "say what would happen, and keep nothing", schema{"type": "boolean"}},
				{"format", "csv, as `bongsu subscribers export` writes it, or statuspage", schema{"type": "string", "enum": importFormats}},
				{"country", "of numbers without a country code; KR if left out", textParameter},
			},
		}),
		read("imports", "The latest lists that were taken in or tried", account.ReadPeople, operation{answers: typeOf[apiImports]()}),
		read("imports/{id}", "One list, with what was said of its lines", account.ReadPeople, operation{answers: typeOf[apiImport](), query: paging}),
		read("subscribers/{id}", "One subscriber", account.ReadPeople, operation{answers: typeOf[Subscriber]()}),
		read("subscribers/{id}/deliveries", "What somebody was told", account.ReadPeople, operation{answers: typeOf[apiTold]()}),
		read("subscribers/{id}/export", "All that is kept of somebody, addresses in clear, for them", account.KeepPeople, operation{answers: typeOf[Disclosure]()}),
		write("DELETE", "subscribers/{id}", "Forget somebody for good", account.KeepPeople, operation{status: http.StatusNoContent}),
		read("drills", "Drills, newest first, with the one that runs", account.ReadDesk, operation{answers: typeOf[apiDrills](), query: paging}),
		write("POST", "drills", "Begin a drill; nothing of it reaches a phone", account.Drill, operation{takes: typeOf[newDrill](), answers: typeOf[DrillView](), status: http.StatusCreated}),
		read("drills/scenarios", "What can be rehearsed", account.ReadDesk, operation{answers: typeOf[apiScenarios]()}),
		read("drills/{id}", "One drill; of one that runs, how far it has come", account.ReadDesk, operation{answers: typeOf[DrillView]()}),
		write("POST", "drills/{id}/cancel", "End the drill that runs", account.Drill, operation{answers: typeOf[done]()}),
		read("drills/{id}/scorecard", "What became of a drill, as `bongsu drill run --json` writes it", account.ReadDesk, operation{text: "application/json"}),
		read("drills/{id}/scorecard.html", "The scorecard to read", account.ReadDesk, operation{text: "text/html"}),
		read("drills/{id}/scorecard.svg", "The scorecard as a picture", account.ReadDesk, operation{text: "image/svg+xml"}),
		read("settings", "What is configured, value by value, with file and line; nothing secret is in it", account.ReadSettings, operation{answers: typeOf[apiSettings](), query: paging}),
		write("POST", "settings/check", "Say all that is wrong with a file in the configuration's folder; an empty name is the one that runs", account.Configure, operation{takes: typeOf[newCheck](), answers: typeOf[CheckedFile]()}),
		write("POST", "settings/reload", "Read the configuration anew; a bad one is not taken", account.Configure, operation{answers: typeOf[done]()}),
		read("audit", "Who did what, the latest first, and how far the log is proven", account.ReadAudit, operation{answers: typeOf[apiAudit](), query: slices.Concat(auditQueries, paging)}),
		read("users", "Who comes in at the console", account.ReadAccounts, operation{answers: typeOf[apiUsers]()}),
		write("POST", "users", "Make an account; its owner chooses a password by the link, once", account.KeepAccounts, operation{takes: typeOf[newUser](), answers: typeOf[apiUserLink](), status: http.StatusCreated}),
		read("users/{name}", "One user", account.ReadAccounts, operation{answers: typeOf[UserView]()}),
		write("PUT", "users/{name}", "Give a user another role", account.KeepAccounts, operation{takes: typeOf[newRole](), answers: typeOf[done]()}),
		write("POST", "users/{name}/link", "Make a link by which a user chooses a password", account.KeepAccounts, operation{answers: typeOf[apiUserLink]()}),
		write("POST", "users/{name}/disable", "Keep a user out, at once", account.KeepAccounts, operation{answers: typeOf[done]()}),
		write("POST", "users/{name}/enable", "Let a user in again", account.KeepAccounts, operation{answers: typeOf[done]()}),
		write("DELETE", "users/{name}/totp", "Take away the authenticator of a user who has lost it", account.KeepAccounts, operation{answers: typeOf[done]()}),
		read("tokens", "The tokens", account.ReadAccounts, operation{answers: typeOf[apiTokens]()}),
		write("POST", "tokens", "Make a token; it is shown this once", account.KeepAccounts, operation{takes: typeOf[newToken](), answers: typeOf[apiMadeToken](), status: http.StatusCreated}),
		write("DELETE", "tokens/{id}", "Make a token worthless at once", account.KeepAccounts, operation{status: http.StatusNoContent}),
	}
}

// conditions adds the headers that every operation of a kind takes.
func (o *operation) conditions() {
	if o.method == http.MethodGet {
		return
	}
	o.header = append(o.header, parameter{
		"Idempotency-Key", "the same key within a day gets the same answer, and does nothing again", schema{"type": "string", "minLength": 1, "maxLength": maxKey},
	})
	for _, changeable := range []string{"incidents/{id}", "maintenance/{id}", "subscribers/{id}", "components/{id}/silence", "users/{name}", "texts/{id}"} {
		if strings.HasPrefix(o.path, apiRoot+changeable) {
			o.header = append(o.header, parameter{"If-Match", "the ETag of what you have seen: if it has changed meanwhile, nothing is done", textParameter})
			o.problems = append([]int{http.StatusPreconditionFailed}, o.problems...)
		}
	}
}
