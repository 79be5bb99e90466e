package notifier_test

import (
	"fmt"
	"testing"

	"bongsu/notifier"
)

func TestTheConfigurationKnowsBetterWhatACodeMeans(t *testing.T) {
	table := map[string]notifier.Meaning{
		"1": notifier.MeansOurs, "2": notifier.MeansTheirs, "3": notifier.MeansSuppress, "4": notifier.MeansAgain, "5": notifier.MeansUnknown,
	}
	vendors := notifier.RejectedError{Recipient: true, Suppress: true} // as the vendor's table has it
	for _, tt := range []struct {
		code string
		want string // kind, and whether it is the recipient's, for good, and the gateway's fault
	}{
		{"0", fmt.Sprint(notifier.Refused, true, true, false)}, // not in the table: the vendor's holds
		{"1", fmt.Sprint(notifier.Refused, false, false, true)},
		{"2", fmt.Sprint(notifier.Refused, true, false, false)},
		{"3", fmt.Sprint(notifier.Refused, true, true, false)},
		{"4", fmt.Sprint(notifier.Retry, false, false, true)},
		{"5", fmt.Sprint(notifier.Doubtful, false, false, true)},
	} {
		no := vendors
		no.Code = tt.code
		kind, recipient, suppress, fault := notifier.JudgedBy(notifier.Route{Codes: table}, &no)
		if got := fmt.Sprint(kind, recipient, suppress, fault); got != tt.want {
			t.Errorf("code %s: %s, want %s", tt.code, got, tt.want)
		}
	}
}
