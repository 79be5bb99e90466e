package signup_test

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"testing"

	"bongsu/notifier/peertest"
	"bongsu/notifier/signup"
)

// shapes are how numbers of a country begin, with the digits that follow.
var shapes = []struct {
	country string
	begin   []string
	digits  []int // how many come after
}{
	{"KR", []string{"010", "+8210", "011", "016", "019", "02", "031", "070", "050", "1588", "080"}, []int{6, 7, 8, 9}},
	{"JP", []string{"090", "080", "070", "+8190", "03", "06", "050", "0120", "020"}, []int{6, 7, 8, 9}},
	{"US", []string{"212", "+1415", "650", "800", "900", "555", "011"}, []int{6, 7, 8}},
	{"GB", []string{"07", "+447", "020", "0800", "09"}, []int{7, 8, 9}},
	{"DE", []string{"015", "016", "+4917", "030", "0900"}, []int{7, 8, 9}},
	{"VN", []string{"09", "+843", "024", "1900"}, []int{6, 7, 8}},
	{"CN", []string{"13", "+8618", "010", "400"}, []int{7, 8, 9}},
}

type typed struct {
	Country, Number string
}

// answer is what libphonenumber-js makes of a number.
type answer struct {
	E164, Country, Kind string
	Valid               bool
}

func askPeer(t *testing.T, numbers []typed) []answer {
	t.Helper()
	in, err := json.Marshal(numbers)
	if err != nil {
		t.Fatal(err)
	}
	out := peertest.Node(t, `
		const {parsePhoneNumberFromString: parse} = require('libphonenumber-js/max');
		const numbers = JSON.parse(require('fs').readFileSync(0, 'utf8'));
		process.stdout.write(JSON.stringify(numbers.map(n => {
			const p = parse(n.Number, n.Country);
			return p ? {E164: p.number, Country: p.country || '', Kind: p.getType() || '', Valid: p.isValid()} : {};
		})));`, string(in), "libphonenumber-js")
	var answers []answer
	if err := json.Unmarshal([]byte(out), &answers); err != nil || len(answers) != len(numbers) {
		t.Fatalf("the peer gave %d answers (%v)", len(answers), err)
	}
	return answers
}

// explain says why we may take a number that the peer does not call mobile, or
// refuse one that it does. Nothing else may differ.
func explain(ours string, err error, theirs answer) string {
	mobile := theirs.Valid && (theirs.Kind == "MOBILE" || theirs.Kind == "FIXED_LINE_OR_MOBILE")
	switch {
	case (err == nil) == mobile && (err != nil || ours == theirs.E164):
		return "the same"
	case err != nil && mobile && theirs.Country == "KR":
		return "Korea: the tables call 011 and its like mobile, and 010 with seven digits or with 0 after it; none of them gets a text"
	}
	return ""
}

// What our rules make of some thousand numbers of seven countries is what
// libphonenumber-js makes of them, except in Korea, where ours are stricter.
// Where the tables of the two differ in age, a few may differ: they are
// counted, and must stay few.
func TestNumbersAgainstAPeer(t *testing.T) {
	random := rand.New(rand.NewPCG(82, 10))
	var numbers []typed
	for range 6000 {
		s := shapes[random.IntN(len(shapes))]
		number := []byte(s.begin[random.IntN(len(s.begin))])
		for n := s.digits[random.IntN(len(s.digits))]; n > 0; n-- {
			number = append(number, byte('0'+random.IntN(10)))
		}
		numbers = append(numbers, typed{s.country, string(number)})
	}
	reasons := map[string]int{}
	taken := map[string]int{}
	for i, theirs := range askPeer(t, numbers) {
		n := numbers[i]
		ours, err := signup.Numbers{Region: n.Country}.Read(n.Number)
		if _, told := errors.AsType[signup.AddressError](err); err != nil && !told {
			t.Fatalf("%+v: %v", n, err)
		}
		if err == nil {
			taken[n.Country]++
		}
		why := explain(ours, err, theirs)
		if reasons[why]++; why == "" && reasons[""] <= 10 {
			t.Logf("%s %s: %q (%v), the peer says %+v", n.Country, n.Number, ours, err, theirs)
		}
	}
	t.Logf("%v; taken %v", reasons, taken)
	if reasons[""] > len(numbers)/500 {
		t.Errorf("%d of %d differ for no reason that is known", reasons[""], len(numbers))
	}
	for _, s := range shapes {
		if taken[s.country] == 0 {
			t.Errorf("no number of %s was taken", s.country)
		}
	}
	if len(reasons) < 2 {
		t.Error("the Korean rules were not tried")
	}
}
