package notifier

import "bongsu/status"

// Record is what one judgement leaves behind. It is committed whole or not at
// all: nobody is told of a state that was not kept, and no kept state goes
// untold. Committing it again changes nothing.
type Record struct {
	Standings []status.Standing
	Change    status.Change
	Notices   []Notice
	Answers   []status.Answer
	Looks     []status.Vote // for the history
}
