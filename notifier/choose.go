package notifier

// Choice is a gateway that a window could go to.
type Choice struct {
	Weight int
	Stage  Stage
	Ail    float64
}

// Choose is the place of the gateway for the next window, among at least one.
// Without weights it is the first that is trusted; with weights, each gets its
// part. One that comes back gets its share of that. If all are dead it is the
// least bad: sending never stops. It rolls, a number in [0, 1), only where
// chance has a say.
func Choose(gateways []Choice, roll func() float64) int {
	total := 0.0
	for _, g := range gateways {
		total += float64(g.Weight) * g.Stage.Share()
	}
	if total > 0 {
		return byWeight(gateways, total, roll)
	}
	least, returning := 0, -1
	for i, g := range gateways {
		switch g.Stage {
		case Well:
			return i
		case Canary, Tenth:
			if roll() < g.Stage.Share() {
				return i
			}
			if returning < 0 || g.Stage > gateways[returning].Stage {
				returning = i
			}
		case Dead:
			if g.Ail < gateways[least].Ail {
				least = i
			}
		}
	}
	if returning >= 0 {
		return returning
	}
	return least
}

func byWeight(gateways []Choice, total float64, roll func() float64) int {
	last, only := 0, true
	for i, g := range gateways {
		if part := float64(g.Weight) * g.Stage.Share(); part > 0 {
			only = only && part == total
			last = i
		}
	}
	if only {
		return last
	}
	at := roll() * total
	for i, g := range gateways {
		if at -= float64(g.Weight) * g.Stage.Share(); at < 0 {
			return i
		}
	}
	return last
}
