package status

import "time"

// Command is an operator's request that reached the board by way of the
// database, from a shell beside the server. Exactly one of Open, Note and
// Maintain is set; none is when a newer program wrote it.
type Command struct {
	ID       string
	At       time.Time
	Open     *Draft
	Incident string // the incident that Note belongs to
	Note     *NoteDraft
	Maintain *Maintenance
}

// Answer is what became of a command. It is saved in the transaction that
// saves what the command did, so a crash neither loses nor repeats it.
type Answer struct {
	Command string // the command's id
	Made    string // the id of the incident, update or maintenance that came of it
	Error   string // why nothing came of it; empty when something did
	At      time.Time
}
