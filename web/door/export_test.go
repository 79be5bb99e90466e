package door

import "bongsu/web/account"

// CountWork counts how often passwords are hashed to be compared, and at which
// cost.
func (d *Door) CountWork() (hashed func() []account.Cost) {
	var costs []account.Cost
	d.verify = func(hash, password string, cost account.Cost) (bool, bool) {
		costs = append(costs, cost)
		return account.VerifyPassword(hash, password, cost)
	}
	return func() []account.Cost {
		all := costs
		costs = nil
		return all
	}
}

// FillStrangerLanes takes every place that strangers can have, until leave.
func (d *Door) FillStrangerLanes() (leave func()) {
	for range strangerLanes {
		d.gate.strangers <- struct{}{}
	}
	return func() {
		for range strangerLanes {
			<-d.gate.strangers
		}
	}
}

// Browser is what a User-Agent claims, in a few words.
func Browser(header string) string { return browser(header) }
