package web_test

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"bongsu/web/browsertest"
	"bongsu/web/sample"
)

// seen is what of a page's part can be seen, in CSS pixels.
type seen struct {
	Text   string
	Bottom float64
	Wide   float64 // the page's own width
	Struck bool
	Shape  bool
}

const seeing = `((css) => {
	const el = document.querySelector(css);
	if (!el) return {Text: "", Bottom: 1e9, Wide: document.documentElement.scrollWidth};
	return {
		Text: el.innerText, Bottom: el.getBoundingClientRect().bottom, Wide: document.documentElement.scrollWidth,
		Struck: getComputedStyle(el).textDecorationLine.includes("line-through"), Shape: !!el.querySelector("svg"),
	};
})`

// On a phone, in every language, light and dark: that we cannot measure is on
// the first screen, corrections are struck through and readable, an end that
// did not come says so, and the rules fit the screen.
func TestWhatIsHardToSayOnAPhone(t *testing.T) {
	tab := browsertest.Open(t)
	impaired, eventful := site(t, sample.Impaired()), site(t, sample.Eventful())
	phone := screen{Name: "phone", Width: 360, Height: 740, Dark: false}
	for _, c := range []struct {
		what, url, part string
		words           map[string]string
		first           bool // on the first screen
		struck, shape   bool
	}{
		{
			"our own trouble", impaired.URL + "/", ".impaired",
			map[string]string{"ko": "15:41부터 저희 측정에 문제가 있습니다", "ja": "15:41から当方の測定に支障が出ています", "en": "Our own measurement has been impaired since 15:41"},
			true, false, true,
		},
		{
			"an onset that was corrected", eventful.URL + "/incidents/01JD9R2W8F", ".facts del time",
			map[string]string{"ko": "15:30", "ja": "15:30", "en": "15:30"},
			false, false, false,
		},
		{
			"the line through it", eventful.URL + "/incidents/01JD9R2W8F", ".updates .corrected del",
			map[string]string{"ko": "메신저 글 보내기", "ja": "チャットの送信", "en": "Chat messages"},
			false, true, false,
		},
		{
			"an end that did not come", eventful.URL + "/incidents/01JD9R2W8F", ".updates .eta-not-met",
			map[string]string{"ko": "지켜지지 않음", "ja": "実現せず", "en": "not met"},
			false, false, true,
		},
		{
			"the ledger of ends", eventful.URL + "/incidents/01JD9R2W8F", "[aria-labelledby=etas] table",
			map[string]string{"ko": "지켜지지 않음", "ja": "実現せず", "en": "not met"},
			false, false, false,
		},
		{
			"the rules", eventful.URL + "/judging", "h1",
			map[string]string{"ko": "판단 기준", "ja": "判定の基準", "en": "How we judge"},
			true, false, false,
		},
	} {
		for lang, words := range c.words {
			look(tab, t, phone, false, c.url+"?lang="+lang)
			call(tab, t, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{})
			got, err := chromedp.Run(tab, chromedp.Evaluate[seen](seeing+`("`+c.part+`")`))
			if err != nil {
				t.Fatal(err)
			}
			switch {
			case !strings.Contains(got.Text, words):
				t.Errorf("%s in %s says %q, not %q", c.what, lang, got.Text, words)
			case got.Wide > float64(phone.Width):
				t.Errorf("%s in %s: the page is %.0f px wide", c.what, lang, got.Wide)
			case c.first && got.Bottom > float64(phone.Height):
				t.Errorf("%s in %s ends at %.0f px, below the first screen", c.what, lang, got.Bottom)
			case c.struck && !got.Struck:
				t.Errorf("%s in %s is not struck through", c.what, lang)
			case c.shape && !got.Shape:
				t.Errorf("%s in %s has no shape", c.what, lang)
			}
		}
	}
}

// Every new thing can be read and pressed, light and dark, and fits the
// narrowest phone.
func TestTheEvidenceCanBeRead(t *testing.T) {
	tab := browsertest.Open(t)
	impaired, eventful := site(t, sample.Impaired()), site(t, sample.Eventful())
	for _, dark := range []bool{false, true} {
		for _, url := range []string{
			impaired.URL + "/", eventful.URL + "/", eventful.URL + "/components/route", eventful.URL + "/components/chat-text",
			eventful.URL + "/incidents/01JD9R2W8F", eventful.URL + "/incidents/01JD9Q7RTR", eventful.URL + "/judging", eventful.URL + "/maintenance",
		} {
			look(tab, t, screen{Name: "narrow", Width: 320, Height: 640, Dark: dark}, true, url+"?lang=en")
			hard, err := chromedp.Run(tab, chromedp.Evaluate[[]string](hardToUse))
			if err != nil {
				t.Fatal(err)
			}
			for _, h := range hard {
				t.Errorf("%s (dark: %t): %s", url, dark, h)
			}
			got, err := chromedp.Run(tab, chromedp.Evaluate[seen](seeing+`("h1")`))
			if err != nil {
				t.Fatal(err)
			}
			if got.Wide > 320 {
				t.Errorf("%s is %.0f px wide", url, got.Wide)
			}
		}
	}
}

// A page that stays open marks a promise as overdue when its time passes; one
// whose time has not come is not marked.
func TestAnOpenPageSeesThePromisePass(t *testing.T) {
	tab := browsertest.Open(t)
	server := site(t, sample.Outage()) // its instant, and so its promise, may lie on either side of today's clock
	for _, c := range []struct {
		clock string
		want  bool
	}{{"2026-11-22T07:00:00Z", false}, {"2026-11-22T08:00:00Z", true}} {
		look(tab, t, screen{Name: "phone", Width: 360, Height: 740, Dark: false}, true, server.URL+"/?lang=en")
		shown, err := chromedp.Run(tab, chromedp.Evaluate[bool](`(async () => {
			const el = document.querySelector(".story .overdue");
			Date.now = () => Date.parse("`+c.clock+`");
			el.hidden = true;
			el.dataset.after = "2026-11-22T16:30:00+09:00";
			const source = document.querySelector("script[defer]").src;
			await new Promise((done) => {
				const again = document.createElement("script");
				again.src = source;
				again.onload = done;
				document.head.append(again);
			});
			return !el.hidden;
		})()`, chromedp.EvalAwaitPromise))
		if err != nil {
			t.Fatal(err)
		}
		if shown != c.want {
			t.Errorf("at %s the promise of 16:30 is marked overdue: %t", c.clock, shown)
		}
	}
}
