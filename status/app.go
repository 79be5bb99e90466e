package status

// AppFunction is one thing an app offers.
type AppFunction struct {
	ID      string
	Name    Text
	Needs   []Need
	Instead Text    // what to do while it does not work
	Phones  []Phone // whom to call instead
	Metered Metered // what goes on being charged for while it does not work
}

// Phone is a number people can call instead.
type Phone struct {
	Number string // as it is dialled: digits, a plus before a country's code
	Name   Text   // who answers; may be empty
}

// Metered is what a function charges for by time. When it does not work, what
// has begun cannot be ended, and the charge goes on: people have to be told how
// to stop the loss. The zero Metered charges for nothing.
type Metered string

// What is charged for by time.
const (
	MeteredRental   Metered = "rental"   // a bicycle, a scooter, a car that cannot be given back
	MeteredParking  Metered = "parking"  // a car that cannot be paid for or leave
	MeteredRide     Metered = "ride"     // a taxi whose fare cannot be paid in the app
	MeteredCharging Metered = "charging" // an electric car whose charging cannot be ended
	MeteredOther    Metered = "other"
)

// Meters lists what can be charged for by time.
func Meters() []Metered {
	return []Metered{MeteredRental, MeteredParking, MeteredRide, MeteredCharging, MeteredOther}
}

// Runs says whether something may go on being charged for that cannot be ended
// now. Slow is not failing: it can be ended.
func (f *FunctionView) Runs() bool { return f.Metered != "" && f.State.Failed() }

// Function finds a function of the app by id.
func (a *AppView) Function(id string) (*FunctionView, bool) {
	for i := range a.Functions {
		if a.Functions[i].ID == id {
			return &a.Functions[i], true
		}
	}
	return nil, false
}

// App finds an app by id.
func (s *Snapshot) App(id string) (*AppView, bool) {
	for i := range s.Apps {
		if s.Apps[i].ID == id {
			return &s.Apps[i], true
		}
	}
	return nil, false
}
