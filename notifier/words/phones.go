package words

import (
	"regexp"
	"slices"

	"bongsu/status"
)

// telephony is what components of a telephone network are called by. Texts
// otherwise say that phones work, which nobody here measures.
var telephony = regexp.MustCompile(`(?i)전화|통화|음성|이동통신|휴대폰|電話|通話|音声|\bSMS\b|\bphones?\b|\bvoice\b|mobile network|cellular`)

// phonesFail says whether a telephone network is among what is not well, in
// this story or another.
func (st *story) phonesFail() bool {
	named := func(texts ...status.Text) bool {
		for _, text := range texts {
			for _, name := range text {
				if telephony.MatchString(name) {
					return true
				}
			}
		}
		return false
	}
	if slices.ContainsFunc(st.everyone(), func(u subject) bool { return named(u.name, u.short) }) {
		return true
	}
	if st.snapshot == nil {
		return false
	}
	for g := range st.snapshot.Groups {
		for _, v := range st.snapshot.Groups[g].Components {
			if v.State.Troubled() && named(v.Name, v.Short) {
				return true
			}
		}
	}
	return false
}
