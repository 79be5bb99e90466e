package config

import (
	"fmt"
	"strconv"
	"time"

	"bongsu/status"
)

// Judgement says when a failure counts, and what is promised.
type Judgement struct {
	Confirm int           `yaml:"confirm" must:"min=1 max=20" doc:"Troubled looks of one location in a row before they count."`
	Recheck time.Duration `yaml:"recheck" must:"min=100ms max=10m" doc:"After a troubled look, how soon to look again until it is confirmed. A preset's own floor holds."`
	Recover int           `yaml:"recover" must:"min=1 max=20" doc:"Better looks in a row before they count."`
	Quorum  Quorum        `yaml:"quorum" doc:"Locations that must agree: majority, or a number."`
	Fresh   Span          `yaml:"fresh" doc:"How old a vote may be and still count: so many times the check's interval (3x), or a duration."`
	Settle  time.Duration `yaml:"settle" must:"max=10m" doc:"How long the first words may wait for the cause."`
	Watch   time.Duration `yaml:"watch" must:"min=1s max=24h" doc:"How long a recovery is watched before it is called one."`
	Promise time.Duration `yaml:"promise" must:"min=1s max=24h" doc:"The longest time to the next word."`
}

// Quorum is how many locations must agree; 0 is a majority of them.
type Quorum int

// UnmarshalText reads "majority" or a number.
func (q *Quorum) UnmarshalText(text []byte) error {
	if string(text) == "majority" {
		*q = 0
		return nil
	}
	n, err := strconv.Atoi(string(text))
	if err != nil || n < 1 || n > 1000 {
		return fmt.Errorf("%s is no quorum; write majority, or a number of locations", quoted(string(text)))
	}
	*q = Quorum(n)
	return nil
}

func (j Judgement) rules() status.Rules {
	return status.Rules{
		Confirm: j.Confirm, Recover: j.Recover, Quorum: int(j.Quorum),
		Settle: j.Settle, Watch: j.Watch, Promise: j.Promise,
	}
}

func (c *checker) checkJudgement() {
	j := &c.doc.Judgement
	if j.Settle >= j.Promise {
		at := c.atOr(&j.Settle, j, "settle")
		c.complain(at, "the first words wait %s and the next are promised within %s; write less than promise", short(j.Settle), short(j.Promise))
	}
}
