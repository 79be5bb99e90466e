package signup_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"bongsu/notifier/signup"
)

func TestNumbers(t *testing.T) {
	korea := signup.Numbers{Region: "KR", Countries: []string{"KR"}}
	both := signup.Numbers{Region: "KR", Countries: []string{"KR", "JP"}}
	japan := signup.Numbers{Region: "JP", Countries: []string{"JP"}}
	anywhere := signup.Numbers{}
	city := signup.Numbers{Countries: []string{"KR"}, Simulation: true}
	for _, c := range []struct {
		name  string
		taken signup.Numbers
		typed string
		want  string
		err   error
	}{
		{"as people write it", korea, "010-1234-5678", "+821012345678", nil},
		{"digits alone", korea, "01012345678", "+821012345678", nil},
		{"with spaces", korea, " 010 1234 5678 ", "+821012345678", nil},
		{"wide digits", korea, "０１０－１２３４－５６７８", "+821012345678", nil},
		{"with the country's code", korea, "+82 10-1234-5678", "+821012345678", nil},
		{"with code and zero", korea, "+82 (0)10-1234-5678", "+821012345678", nil},
		{"nothing", korea, " ", "", signup.ErrNumberMissing},
		{"a plus alone", korea, "+", "", signup.ErrNumberUnread},
		{"letters", korea, "010-CALL-ME", "", signup.ErrNumberUnread},
		{"another script's digits", korea, "٠١٠١٢٣٤٥٦٧٨", "", signup.ErrNumberUnread},
		{"an extension", korea, "010-1234-5678;ext=9", "", signup.ErrNumberUnread},
		{"two numbers", korea, "010-1234-5678, 010-1234-5679", "", signup.ErrNumberUnread},
		{"too short", korea, "010-123-4567", "", signup.ErrNumberNotMobile},
		{"far too long", korea, strings.Repeat("1", 65), "", signup.ErrNumberUnread},
		{"a network that has ended", korea, "011-123-4567", "", signup.ErrNumberNotMobile},
		{"and its long form", korea, "011-9123-4567", "", signup.ErrNumberNotMobile},
		{"a landline", korea, "02-123-4567", "", signup.ErrNumberNotMobile},
		{"a personal number", korea, "050-5123-4567", "", signup.ErrNumberNotMobile},
		{"a company's number", korea, "1588-1234", "", signup.ErrNumberNotMobile},
		{"an emergency", korea, "119", "", signup.ErrNumberNotMobile},
		{"another country", korea, "+81 90-1234-5678", "", signup.ErrNumberAbroad},
		{"a premium number abroad", korea, "+1 900 555 0123", "", signup.ErrNumberAbroad},
		{"a second country", both, "+81 90-1234-5678", "+819012345678", nil},
		{"its landline", both, "+81 3-1234-5678", "", signup.ErrNumberNotMobile},
		{"at home elsewhere", japan, "090-1234-5678", "+819012345678", nil},
		{"anywhere", anywhere, "+819012345678", "+819012345678", nil},
		{"at home by default", anywhere, "010-1234-5678", "+821012345678", nil},
		{"a simulated number", city, "010-0000-0031", "+821000000031", nil},
		{"simulated, but of nobody", city, "010-0000-0131", "", signup.ErrNumberNotMobile},
		{"simulated, in earnest", korea, "010-0000-0031", "", signup.ErrNumberNotMobile},
	} {
		got, err := c.taken.Read(c.typed)
		if got != c.want || !errors.Is(err, c.err) {
			t.Errorf("%s: %q is %q (%v), want %q (%v)", c.name, c.typed, got, err, c.want, c.err)
		}
	}
}

// Whatever is typed, what comes out is a number that a text can reach, and it
// comes out the same when it is read again.
func FuzzNumber(f *testing.F) {
	for _, seed := range []string{"010-1234-5678", "+821012345678", "011-123-4567", "+1 900 555 0123", "０１０", "+", "0", "tel:+82", "010-0000-0000"} {
		f.Add(seed, true)
		f.Add(seed, false)
	}
	korean := regexp.MustCompile(`^\+8210\d{8}$`)
	f.Fuzz(func(t *testing.T, typed string, simulation bool) {
		taken := signup.Numbers{Region: "KR", Countries: []string{"KR"}, Simulation: simulation}
		got, err := taken.Read(typed)
		if err != nil {
			if _, told := errors.AsType[signup.AddressError](err); !told || got != "" {
				t.Fatalf("%q: %q with %v", typed, got, err)
			}
			return
		}
		if !korean.MatchString(got) {
			t.Fatalf("%q came out as %q", typed, got)
		}
		if again, err := taken.Read(got); err != nil || again != got {
			t.Fatalf("%q came out as %q, then as %q (%v)", typed, got, again, err)
		}
	})
}
