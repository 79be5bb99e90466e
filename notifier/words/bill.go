package words

import "bongsu/notifier"

// Bill is what a text takes up at one gateway, and what it costs there for a
// number of people.
type Bill struct {
	Gateway string
	Size                   // as a carrier of the text's own code counts it
	Pieces  int            // that the gateway is paid for, each person
	Each    notifier.Money // for one person; without a currency where the price is not known
	Total   notifier.Money
}

// Estimate says what sending the text to so many people takes and costs by
// each of the gateways. A text without counts is counted first.
func Estimate(t notifier.Text, gateways []notifier.Route, people int) []Bill {
	t, size := counted(t)
	bills := make([]Bill, 0, len(gateways))
	for i := range gateways {
		g := &gateways[i]
		each := g.Charge(&t)
		bills = append(bills, Bill{Gateway: g.Name, Size: size, Pieces: g.Pieces(&t), Each: each, Total: each.Times(int64(people))})
	}
	return bills
}

// Count fills in what the text takes up in its class. What cannot be encoded
// has no size: the error is an [EncodingError], or a [TooLongError] where it
// does not fit.
func Count(t notifier.Text) (notifier.Text, Size, error) {
	t, size := counted(t)
	_, err := Fit(t.Lang, t.Class, t.Body)
	return t, size, err
}

func counted(t notifier.Text) (notifier.Text, Size) {
	size, err := Measure(t.Lang, t.Class, t.Body)
	if err != nil {
		return t, size
	}
	t.Segments, t.Parts = size.Segments, parts(t.Class, t.Body)
	return t, size
}
