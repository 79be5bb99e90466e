package web

import (
	"net/http"
	"strings"

	"bongsu/web/account"
)

// paging is how lists are read.
var paging = []parameter{
	{"limit", "how many", schema{"type": "integer", "minimum": 1, "maximum": maxPage}},
	{"cursor", "what next of the page before said", textParameter},
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
		read("suspicions", "What other people's monitoring holds against components; nothing is confirmed by it", account.ReadDesk, operation{answers: typeOf[apiSuspicions]()}),
		read("acknowledgements", "Whose incidents are", account.ReadDesk, operation{answers: typeOf[apiHolds]()}),
		write("PUT", "incidents/{id}/acknowledgement", "Look after an incident", account.Publish, operation{answers: typeOf[done]()}),
		write("DELETE", "incidents/{id}/acknowledgement", "Look after it no more", account.Publish, operation{answers: typeOf[done]()}),
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
		read("subscribers/{id}", "One subscriber", account.ReadPeople, operation{answers: typeOf[Subscriber]()}),
		read("subscribers/{id}/deliveries", "What somebody was told", account.ReadPeople, operation{answers: typeOf[apiTold]()}),
		read("subscribers/{id}/export", "All that is kept of somebody, addresses in clear, for them", account.KeepPeople, operation{answers: typeOf[Disclosure]()}),
		write("DELETE", "subscribers/{id}", "Forget somebody for good", account.KeepPeople, operation{status: http.StatusNoContent}),
		read("tokens", "The tokens", account.KeepAccounts, operation{answers: typeOf[apiTokens]()}),
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
	for _, changeable := range []string{"incidents/{id}", "maintenance/{id}", "subscribers/{id}"} {
		if strings.HasPrefix(o.path, apiRoot+changeable) {
			o.header = append(o.header, parameter{"If-Match", "the ETag of what you have seen: if it has changed meanwhile, nothing is done", textParameter})
			o.problems = append([]int{http.StatusPreconditionFailed}, o.problems...)
		}
	}
}
