package words

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"

	"bongsu/notifier"
	"bongsu/status"
)

// LintError says what a text must not do.
type LintError struct {
	Rule  Rule
	Found string
	Why   string
}

// Rule is something that texts are held against.
type Rule string

// The rules.
const (
	RuleAddress  Rule = "address"   // no address where the class carries none, or none but ours
	RuleDown     Rule = "down"      // nobody is sent to what is not operational
	RulePointing Rule = "pointing"  // nobody is sent anywhere
	RulePromise  Rule = "promise"   // no end is promised without a basis
	RuleAd       Rule = "ad"        // no words of advertising
	RuleAdMarked Rule = "ad_marked" // an advertisement says that it is one
)

func (e *LintError) Error() string { return fmt.Sprintf("%q %s", e.Found, e.Why) }

// Rules are what a text is held against before it may go out. The zero value
// is the strictest.
type Rules struct {
	Names     []string // of things; one may look like a host, and is none
	Down      []string // what is not operational is called that, names and hosts
	Links     []string // a text may hold addresses below these, where its class carries links
	Elsewhere bool     // a text may send the reader to what is not among Down
	Expected  bool     // somebody expects an end for a reason that is on record
	Ad        bool     // it is advertising, and has to say so as the law asks
}

// Lint says all that is wrong with a text: what cannot be encoded or does not
// fit, addresses, sending the reader to what is not operational, a promised end
// without a basis, advertising. Operators' chat and what machines read are only
// measured.
func (r Rules) Lint(t notifier.Text) error {
	_, err := Fit(t.Lang, t.Class, t.Body)
	if limit := titleLimit(t.Class); limit > 0 && t.Title != "" {
		err = errors.Join(err, fitTitle(t.Lang, t.Class, t.Title))
	}
	return errors.Join(err, r.lint(t))
}

func (r Rules) lint(t notifier.Text) error {
	if t.Class == notifier.ClassChat || machine(t.Class) {
		return nil
	}
	text := t.Body
	if t.Title != "" {
		text = t.Title + "\n" + t.Body
	}
	bare := strings.ReplaceAll(text, notifier.LeaveMark, "")
	if carriesLinks(t.Class) {
		bare = r.unlinked(bare)
	}
	for _, name := range r.Names {
		if name != "" {
			bare = strings.ReplaceAll(bare, name, "…")
		}
	}
	return errors.Join(addresses(bare), r.pointing(t.Lang, text, bare), r.promises(t.Lang, bare), r.advertising(t.Lang, text, bare))
}

// machine says whether programs read the class.
func machine(class notifier.Class) bool {
	return class == notifier.ClassWebhook || class == notifier.ClassStatuspage
}

// address is a URL, or a host's name: labels of Latin letters and digits, the
// last of letters only.
var address = regexp.MustCompile(`(?i)[a-z][a-z0-9+.-]*://\S*|\b(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}\b`)

// addresses refuses what is left of addresses: all of them where a phone shows
// them in a text, since one in an official text is taken for fraud, and
// elsewhere those that are not known to be ours.
func addresses(text string) error {
	found := address.FindString(text)
	if found == "" {
		found = foreignHost(text)
	}
	if found == "" {
		return nil
	}
	return &LintError{Rule: RuleAddress, Found: found, Why: "is an address; a text must send nobody anywhere"}
}

// foreign is a host's name whose last labels are of other letters than Latin
// ones, as far as it is told from a sentence that begins without a space.
var foreign = regexp.MustCompile(`[\p{L}\p{M}\p{N}-]*[^\x00-\x7f\s\p{P}]\.([A-Za-z]{2,}|[^\x00-\x7f\s\p{P}]{2,})`)

// foreignHost finds such a name: one that ends as names on the Internet do.
func foreignHost(text string) string {
	for _, found := range foreign.FindAllStringSubmatch(text, -1) {
		top, err := idna.ToASCII(strings.ToLower(found[1]))
		if err != nil {
			continue
		}
		if _, icann := publicsuffix.PublicSuffix("host." + top); icann {
			return found[0]
		}
	}
	return ""
}

func carriesLinks(class notifier.Class) bool {
	return class == notifier.ClassMail || class == notifier.ClassMessenger
}

// unlinked is a text without the addresses that lie below one of the links.
// Programs that make them clickable end one where another letter follows, and
// so does this.
func (r Rules) unlinked(text string) string {
	return address.ReplaceAllStringFunc(text, func(found string) string {
		if !r.linked(found) {
			return found
		}
		_, rest, _ := strings.Cut(found, "://")
		if i := strings.IndexFunc(rest, func(c rune) bool { return c > unicode.MaxASCII }); i >= 0 && strings.ContainsRune(rest[:i], '/') {
			return "…" + r.unlinked(rest[i:])
		}
		return "…"
	})
}

// linked says whether an address lies below one of the links: the same scheme
// and host, nobody's name before the host, and no other address after it.
func (r Rules) linked(found string) bool {
	_, rest, _ := strings.Cut(found, "://")
	if before, _, more := strings.Cut(rest, "://"); more && latin(before) {
		return false
	}
	u, err := url.Parse(strings.TrimRight(found, ".,)"))
	if err != nil || u.User != nil {
		return false
	}
	for _, link := range r.Links {
		l, err := url.Parse(link)
		if err == nil && l.Host != "" && u.Scheme == l.Scheme && u.Host == l.Host {
			return true
		}
	}
	return false
}

// points are words that send the reader somewhere: on the day, that place may
// be what has failed.
var points = map[string]*regexp.Regexp{
	"ko": regexp.MustCompile(`에서 ?(?:바로 ?|직접 ?)?(?:확인|보실|보세요|조회|신청|참고)|(?:확인|참고|참조|접속)(?:하시|하세|하십|해 ?주|해 ?보| ?바랍| ?요망)|(?:상단|하단|공지|채널|홈페이지|누리집|앱|웹) ?(?:확인|참고|참조)|(?:으로|로) ?(?:접속|이동)|(?:접속|클릭|다운로드)(?:하|해)|바로가기`),
	"ja": regexp.MustCompile(`(?:で|にて|から|より)ご?確認|をご(?:覧|参照|確認)|を(?:確認|参照)して(?:くだ|下)|にアクセス|をクリック|ダウンロードし`),
	"en": regexp.MustCompile(`(?i)\b(?:see (?:it |more |details )?(?:in|on|at)|details (?:are )?(?:in|on|at)|check (?:it )?(?:in|on|at|the)|click|tap|visit|download|log ?in (?:to|at)|go to|read (?:it|more) (?:in|on|at))\b`),
}

// sentence ends one.
var sentence = regexp.MustCompile(`[.!?](?:\s|$)|[。！？\n]`)

// pointing refuses a sentence that sends the reader to what is not operational;
// merely naming what fails is what texts are for. Unless the rules allow other
// places, it refuses every sentence that sends anywhere.
func (r Rules) pointing(lang, text, bare string) error {
	words, ok := points[lang]
	if !ok {
		return nil
	}
	for _, s := range sentence.Split(text, -1) {
		if words.FindString(s) == "" {
			continue
		}
		for _, name := range r.Down {
			if names(s, name) {
				return &LintError{Rule: RuleDown, Found: name, Why: "is not operational, and the text sends the reader there"}
			}
		}
	}
	if r.Elsewhere {
		return nil
	}
	if found := words.FindString(bare); found != "" {
		return &LintError{Rule: RulePointing, Found: found, Why: "sends the reader to a place that may have failed too"}
	}
	return nil
}

// names says whether a sentence has the name in it; one of Latin letters as a
// word of its own.
func names(sentence, name string) bool {
	sentence, name = strings.ToLower(sentence), strings.ToLower(name)
	for name != "" {
		before, after, found := strings.Cut(sentence, name)
		if !found {
			return false
		}
		last, _ := utf8.DecodeLastRuneInString(before)
		next, _ := utf8.DecodeRuneInString(after)
		if !latin(name) || !letter26(last) && !letter26(next) {
			return true
		}
		sentence = after
	}
	return false
}

func latin(name string) bool {
	return !strings.ContainsFunc(name, func(r rune) bool { return r > unicode.MaxASCII })
}

func letter26(r rune) bool { return r <= unicode.MaxASCII && unicode.IsLetter(r) }

// ends are words that promise an end, and open those that say it is not known.
var (
	ends = map[string]*regexp.Regexp{
		"ko": regexp.MustCompile(`(?:복구|정상화|해결|재개)(?:는|될|가|이)? ?(?:예정|예상|전망|완료 ?예정)|(?:까지|이내|이내에|안에|뒤|후|내로|내에) ?(?:모두 |전면 )?(?:복구|정상화|해결|재개)|(?:복구|정상화) ?(?:시각|시간|시점)[^.]{0,10}\d`),
		"ja": regexp.MustCompile(`(?:復旧|回復|再開)(?:は|の|が|する)?[^。\n]{0,12}(?:予定|見込み|見通し)|(?:まで|以内|後)に?(?:は)?(?:復旧|回復|再開)|(?:復旧|回復|再開)(?:予定|見込み)?時刻[^。\n]{0,10}\d`),
		"en": regexp.MustCompile(`(?i)\b(?:expected|estimated|should be|will be|due) (?:to be )?(?:back|fixed|restored|resolved|repaired|working)|\b(?:fixed|restored|back|resolved|repaired|working) (?:again )?(?:by|within|in) (?:about )?\d|\bETA\b`),
	}
	open = map[string]*regexp.Regexp{
		"ko": regexp.MustCompile(`미정|모름|모릅|알 수 없|확인되지 않|확인 중`),
		"ja": regexp.MustCompile(`未定|不明|立って|わかりません|ありません|なし`),
		"en": regexp.MustCompile(`(?i)\b(?:no|not|unknown|nobody)\b`),
	}
)

// promises refuses an expected end that nobody has given a reason for.
func (r Rules) promises(lang, text string) error {
	words, ok := ends[lang]
	if !ok || r.Expected {
		return nil
	}
	for _, s := range sentence.Split(text, -1) {
		if found := words.FindString(s); found != "" && !open[lang].MatchString(s) {
			return &LintError{Rule: RulePromise, Found: found, Why: "promises an end, and no expectation with its basis is on record"}
		}
	}
	return nil
}

// ads are words of advertising.
var ads = map[string]*regexp.Regexp{
	"ko": regexp.MustCompile(`\(\s*광\s*고\s*\)|(?:^|[^관])광고|할인|이벤트|쿠폰|특가|경품|사은품|프로모션|세일|무료 ?증정|포인트 ?적립`),
	"ja": regexp.MustCompile(`広告|割引|セール|キャンペーン|クーポン|特典|お得|プレゼント|ポイント還元`),
	"en": regexp.MustCompile(`(?i)\b(?:advert(?:s|isements?|ising)?|discounts?|sales?|coupons?|promo(?:tions?)?|special offers?|free gifts?|prizes?|cashback)\b|\d ?% off`),
}

// advertising refuses words of advertising. What is declared as advertising has
// to begin with the mark of the Act on Promotion of Information and
// Communications Network Utilization, Article 50, and end with a free way out.
func (r Rules) advertising(lang, text, bare string) error {
	if r.Ad {
		if lang == "ko" && (!strings.HasPrefix(text, "(광고)") || !strings.Contains(text, "무료")) {
			return &LintError{Rule: RuleAdMarked, Found: "(광고)", Why: "must begin an advertisement, and a free way to refuse must end it"}
		}
		return nil
	}
	if words, ok := ads[lang]; ok {
		if found := words.FindString(bare); found != "" {
			return &LintError{Rule: RuleAd, Found: found, Why: "is advertising; a notice with it counts as an advertisement"}
		}
	}
	return nil
}

// SendsInto says why a text must not leave while what is called so is not
// operational, or nothing: it was written when that worked, or by somebody else.
func SendsInto(t notifier.Text, down []string) error {
	return Rules{Down: down, Elsewhere: true}.pointing(t.Lang, t.Title+"\n"+t.Body, "")
}

// Outside says whether a notice of the event is in the words of somebody else,
// such as an app.
func Outside(event string) bool {
	return len(shortParts[event]) == 0 && !slices.Contains([]string{eventAlarm, eventWelcome, eventLeft}, event)
}

// Down is what the components that are not operational are called, in every
// language, whole and by the first word of a longer name: "KakaoTalk" of
// "KakaoTalk messages". What cannot be measured counts if unknown is to.
func Down(s *status.Snapshot, unknown bool) []string {
	var down []string
	for g := range s.Groups {
		for _, v := range s.Groups[g].Components {
			if v.State != status.Operational && (unknown || v.State != status.Unknown) {
				down = append(down, called(v.Component)...)
			}
		}
	}
	return down
}

// brand is the least length of a first word that stands for the whole.
const brand = 3

func called(c *status.Component) []string {
	var all []string
	for _, lang := range []string{"ko", "ja", "en"} {
		name := c.Name[lang]
		if name == "" {
			continue
		}
		all = append(all, name)
		first, _, more := strings.Cut(strings.NewReplacer("の", " ", "・", " ", "·", " ").Replace(name), " ")
		if more && utf8.RuneCountInString(first) >= brand {
			all = append(all, first)
		}
	}
	return all
}
