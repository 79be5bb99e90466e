package drill

// Subscriber is one of the people of the demo.
type Subscriber struct {
	Number string // E.164
	Lang   string // ko, ja or en
	Plan   string // PlanMessenger or PlanSMS
}

// The plans of the demo's subscribers.
const (
	PlanMessenger = "messenger" // the messenger first, a text message when that does not arrive
	PlanSMS       = "sms"       // text messages only
)

// DemoSubscribers are ten people with mixed plans. Nobody can be at these
// numbers: within 010, Korea gives out numbers that begin with 2 to 9, and none
// that begin with 0000.
func DemoSubscribers() []Subscriber {
	return []Subscriber{
		{"+821000000001", "ko", PlanMessenger},
		{"+821000000002", "ko", PlanMessenger},
		{"+821000000003", "ko", PlanMessenger},
		{"+821000000004", "ja", PlanMessenger},
		{"+821000000005", "ja", PlanMessenger},
		{"+821000000006", "en", PlanMessenger},
		{"+821000000007", "en", PlanMessenger},
		{"+821000000008", "ko", PlanSMS},
		{"+821000000009", "ja", PlanSMS},
		{"+821000000010", "en", PlanSMS},
	}
}
