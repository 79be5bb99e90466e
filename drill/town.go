package drill

import (
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
)

// This file has the services without a memory of their own: place search,
// directions, payment, taxi, the bank and its linked function.

// quiet is a desk whose requests have nothing to note.
type quiet struct{}

func (quiet) read(*ask) note { return note{} }

// admit checks the request's token with login and, when it is refused, answers
// in the service's own words.
func (g *guard) admit(a *ask, words func(code, text string) any) bool {
	switch err := g.check(a); {
	case err == nil:
		return true
	case errors.Is(err, errNoToken):
		writeJSON(a.w, http.StatusUnauthorized, words("UNAUTHORIZED", err.Error()))
	default:
		writeJSON(a.w, http.StatusServiceUnavailable, words("LOGIN_UNAVAILABLE", errNoLogin.Error()))
	}
	return false
}

// complainIn words the refusals that all these services share.
func complainIn(words func(code, text string) any, mode Mode) complaint {
	switch mode {
	case Credential:
		return complaint{http.StatusUnauthorized, 0, words("UNAUTHORIZED", errNoToken.Error())}
	case Quota:
		return complaint{http.StatusTooManyRequests, retryAfter, words("QUOTA_EXCEEDED", "the quota is used up")}
	case QuotaCode:
		return quotaCode()
	default:
		return complaint{http.StatusServiceUnavailable, 0, words("UNAVAILABLE", "the service is not available")}
	}
}

// placesDesk searches places: GET /v1/search?query=, with a token.
type placesDesk struct{ guard *guard }

type place struct {
	ID   string `json:"id"`
	Name string `json:"place_name"`
	X    string `json:"x"` // longitude
	Y    string `json:"y"` // latitude
}

// gazetteer is every place of the city. The coordinates are those of the seas
// around null island: nobody is led anywhere.
var gazetteer = []place{
	{"1", "시청 City Hall 市役所", "0.0100", "0.0100"},
	{"2", "중앙역 Central Station 中央駅", "0.0200", "0.0150"},
	{"3", "보건소 Health Centre 保健所", "0.0050", "0.0200"},
}

func (*placesDesk) read(a *ask) note { return note{body: a.r.URL.Query().Get("query")} }

func (d *placesDesk) answer(a *ask) {
	if a.r.Method+" "+a.r.URL.Path != "GET /v1/search" {
		writeJSON(a.w, http.StatusNotFound, placesWords("NOT_FOUND", "there is nothing here"))
		return
	}
	query := a.r.URL.Query().Get("query")
	if query == "" {
		writeJSON(a.w, http.StatusBadRequest, placesWords("MISSING_PARAMETER", "write query="))
		return
	}
	if !d.guard.admit(a, placesWords) {
		return
	}
	found := []place{}
	for _, p := range gazetteer {
		if strings.Contains(strings.ToLower(p.Name), strings.ToLower(query)) {
			found = append(found, p)
		}
	}
	writeJSON(a.w, http.StatusOK, simulated(fields{
		"meta": fields{"total_count": len(found), "is_end": true}, "documents": found,
	}))
}

func (*placesDesk) complain(mode Mode) complaint { return complainIn(placesWords, mode) }

func placesWords(code, text string) any {
	return simulated(fields{"errorType": code, "message": text})
}

// routeDesk gives directions: GET /v1/directions?origin=X,Y&destination=X,Y. It
// needs no login.
type routeDesk struct{ quiet }

func (routeDesk) answer(a *ask) {
	if a.r.Method+" "+a.r.URL.Path != "GET /v1/directions" {
		writeJSON(a.w, http.StatusNotFound, routeWords("NOT_FOUND", "there is nothing here"))
		return
	}
	from, okFrom := point(a.r.URL.Query().Get("origin"))
	to, okTo := point(a.r.URL.Query().Get("destination"))
	if !okFrom || !okTo {
		writeJSON(a.w, http.StatusBadRequest, routeWords("INVALID_POINT", "write origin=X,Y&destination=X,Y"))
		return
	}
	metres := distance(from, to)
	writeJSON(a.w, http.StatusOK, simulated(fields{"routes": []fields{{
		"result_code": 0, "result_msg": "found",
		"summary": fields{"distance": int(metres), "duration": seconds(metres)},
	}}}))
}

func (routeDesk) complain(mode Mode) complaint { return complainIn(routeWords, mode) }

func routeWords(code, text string) any {
	return simulated(fields{"routes": []fields{{"result_code": 101, "result_msg": code + ": " + text}}})
}

func point(text string) (xy [2]float64, ok bool) {
	x, y, found := strings.Cut(text, ",")
	longitude, errX := strconv.ParseFloat(x, 64)
	latitude, errY := strconv.ParseFloat(y, 64)
	inside := math.Abs(longitude) <= 180 && math.Abs(latitude) <= 90
	return [2]float64{longitude, latitude}, found && errX == nil && errY == nil && inside
}

// distance in metres on a flat map, good for a city.
func distance(from, to [2]float64) float64 {
	const metresPerDegree = 111_320
	narrowing := math.Cos(from[1] * math.Pi / 180)
	return metresPerDegree * math.Hypot((to[0]-from[0])*narrowing, to[1]-from[1])
}

// seconds of a drive through a city, at 30 km/h and never less than one.
func seconds(metres float64) int { return max(1, int(metres*3.6/30)) }

// payDesk quotes and prepares payments; nothing here approves one.
//
//	GET  /v1/payment/quote?amount=  the fee
//	POST /v1/payment/ready          {"order": …, "amount": …} → tid
type payDesk struct {
	guard *guard
	dice  *dice
}

type payOrder struct {
	Order  string `json:"order"`
	Amount int    `json:"amount"`
}

func (*payDesk) read(a *ask) note {
	var order payOrder
	if a.r.Method == http.MethodPost && readJSON(a.body, &order) == nil {
		a.send = order
	}
	return note{key: order.Order}
}

func (d *payDesk) answer(a *ask) {
	switch a.r.Method + " " + a.r.URL.Path {
	case "GET /v1/payment/quote":
		d.quote(a)
	case "POST /v1/payment/ready":
		d.ready(a)
	default:
		writeJSON(a.w, http.StatusNotFound, payWords("NOT_FOUND", "there is nothing here"))
	}
}

func (d *payDesk) quote(a *ask) {
	amount, err := strconv.Atoi(a.r.URL.Query().Get("amount"))
	if err != nil || !sum(amount) {
		writeJSON(a.w, http.StatusBadRequest, payWords("INVALID_AMOUNT", "write amount= from 1 to 10000000"))
		return
	}
	if d.guard.admit(a, payWords) {
		writeJSON(a.w, http.StatusOK, simulated(fields{"amount": amount, "fee": amount / 100, "currency": "KRW"}))
	}
}

func (d *payDesk) ready(a *ask) {
	order, ok := a.send.(payOrder)
	if !ok || order.Order == "" || !sum(order.Amount) {
		writeJSON(a.w, http.StatusBadRequest, payWords("INVALID_ORDER", "write order and amount"))
		return
	}
	if !d.guard.admit(a, payWords) {
		return
	}
	a.ref = d.dice.id("T")
	writeJSON(a.w, http.StatusOK, simulated(fields{
		"tid": a.ref, "order": order.Order, "amount": order.Amount, "status": "READY",
		"next_redirect_url": "https://pay.example/ready/" + a.ref,
	}))
}

func sum(amount int) bool { return amount >= 1 && amount <= 10_000_000 }

func (*payDesk) complain(mode Mode) complaint { return complainIn(payWords, mode) }

func payWords(code, text string) any {
	return simulated(fields{"error_code": code, "error_message": text})
}

// taxiDesk quotes rides: GET /v1/quote?from=X,Y&to=X,Y, with a token. It never
// calls a car.
type taxiDesk struct{ guard *guard }

func (*taxiDesk) read(*ask) note { return note{} }

func (d *taxiDesk) answer(a *ask) {
	if a.r.Method+" "+a.r.URL.Path != "GET /v1/quote" {
		writeJSON(a.w, http.StatusNotFound, taxiWords("NOT_FOUND", "there is nothing here"))
		return
	}
	from, okFrom := point(a.r.URL.Query().Get("from"))
	to, okTo := point(a.r.URL.Query().Get("to"))
	if !okFrom || !okTo {
		writeJSON(a.w, http.StatusBadRequest, taxiWords("INVALID_POINT", "write from=X,Y&to=X,Y"))
		return
	}
	if !d.guard.admit(a, taxiWords) {
		return
	}
	const base, perKilometre = 4800, 1000
	metres := distance(from, to)
	writeJSON(a.w, http.StatusOK, simulated(fields{"status": "OK", "quotes": []fields{{
		"class": "standard", "fare": base + int(metres)*perKilometre/1000, "currency": "KRW",
		"duration": seconds(metres), "pickup_seconds": 240,
	}}}))
}

func (*taxiDesk) complain(mode Mode) complaint { return complainIn(taxiWords, mode) }

func taxiWords(code, text string) any {
	return simulated(fields{"status": "ERROR", "reason": code, "detail": text, "quotes": []fields{}})
}

// bankDesk is the bank's core on its own network: health, and the balance of a
// test account. It needs no login, so it goes on when login dies.
type bankDesk struct{ quiet }

func (bankDesk) answer(a *ask) {
	switch a.r.Method + " " + a.r.URL.Path {
	case "GET /v1/health":
		writeJSON(a.w, http.StatusOK, simulated(fields{"status": "UP", "core": "UP"}))
	case "GET /v1/accounts/test/balance":
		writeJSON(a.w, http.StatusOK, simulated(fields{
			"rsp_code": "A0000", "account": "test", "balance_amt": "1000000", "currency": "KRW",
		}))
	default:
		writeJSON(a.w, http.StatusNotFound, bankWords("NOT_FOUND", "there is nothing here"))
	}
}

func (bankDesk) complain(mode Mode) complaint { return complainIn(bankWords, mode) }

func bankWords(code, text string) any {
	return simulated(fields{"rsp_code": "E" + code, "rsp_message": text})
}

// bankLinkDesk is what the bank offers together with the platform: a payment
// prepared through login, POST /v1/link/ready {"amount": …}.
type bankLinkDesk struct {
	guard *guard
	dice  *dice
}

func (*bankLinkDesk) read(a *ask) note {
	var order payOrder
	if readJSON(a.body, &order) == nil {
		a.send = order
	}
	return note{}
}

func (d *bankLinkDesk) answer(a *ask) {
	if a.r.Method+" "+a.r.URL.Path != "POST /v1/link/ready" {
		writeJSON(a.w, http.StatusNotFound, bankWords("NOT_FOUND", "there is nothing here"))
		return
	}
	order, ok := a.send.(payOrder)
	if !ok || !sum(order.Amount) {
		writeJSON(a.w, http.StatusBadRequest, bankWords("INVALID_AMOUNT", "write amount from 1 to 10000000"))
		return
	}
	if !d.guard.admit(a, bankWords) {
		return
	}
	a.ref = d.dice.id("L")
	writeJSON(a.w, http.StatusOK, simulated(fields{"rsp_code": "A0000", "link_tran_id": a.ref, "status": "READY"}))
}

func (*bankLinkDesk) complain(mode Mode) complaint { return complainIn(bankWords, mode) }
