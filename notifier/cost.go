package notifier

// Pieces is how many pieces of a text the gateway is paid for.
func (r *Route) Pieces(t *Text) int {
	if r.Parts && t.Parts > 0 {
		return t.Parts
	}
	return max(t.Segments, 1)
}

// Charge is what handing the text over to one recipient costs.
func (r *Route) Charge(t *Text) Money {
	price := r.Price
	if t.Class == ClassLMS && r.PriceLong.Currency != "" {
		price = r.PriceLong
	}
	return price.Times(int64(r.Pieces(t)))
}

// Times is so many times the amount.
func (m Money) Times(n int64) Money { return Money{Milli: m.Milli * n, Currency: m.Currency} }
