package words_test

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"bongsu/notifier/peertest"
	"bongsu/notifier/words"
)

const calculator = "sms-segments-calculator"

// letters are what the random texts are made of: four scripts, what the GSM
// alphabet has beside ASCII, and characters of two UTF-16 units.
var letters = map[string]string{
	"Latin":    "abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ 0123456789 .,:;!?@#%&*()-+=_'\"/\n£$¥èéùìòÇØøÅåÆæßÉÄÖÑÜ§¿äöñüà¡¤",
	"escapes":  "^{}[]~|€\\ abcdefgh",
	"Hangul":   "가나다라마바사아자차카타파하장애복구전화문자 0123456789:.",
	"Japanese": "あいうえおカキクケコ障害復旧電話地図決済、。「」 0123456789",
	"Greek":    "ΔΦΓΛΩΠΨΣΘΞ αβγδ ABC",
	"pairs":    "😀🚕🗺𠮷 ab가",
}

var scripts = []string{"Latin", "escapes", "Hangul", "Japanese", "Greek", "pairs"}

// Ten thousand texts, or with less time two thousand, come to as many parts, in the same code, as in the
// calculator that Twilio publishes. Texts keep clear of its quirk: it takes
// what it calls graphemes, joined emoji, for one character, and we do not send
// any.
func TestPartsAgainstTwiliosCalculator(t *testing.T) {
	random := rand.New(rand.NewPCG(2022, 10))
	texts := make([]string, 2_000)
	if os.Getenv("BONGSU_DEEP") == "1" {
		texts = make([]string, 10_000)
	}
	for i := range texts {
		pool := []rune(letters[scripts[i%len(scripts)]])
		var text strings.Builder
		for n := random.IntN(240); n > 0; n-- {
			if random.IntN(300) == 0 {
				other := []rune(letters[scripts[random.IntN(4)]])
				text.WriteRune(other[random.IntN(len(other))])
				continue
			}
			text.WriteRune(pool[random.IntN(len(pool))])
		}
		texts[i] = text.String()
	}
	in, err := json.Marshal(texts)
	if err != nil {
		t.Fatal(err)
	}
	out := peertest.Node(t, `
		const {SegmentedMessage} = require('sms-segments-calculator');
		const texts = JSON.parse(require('fs').readFileSync(0, 'utf8'));
		process.stdout.write(JSON.stringify(texts.map(t => {
			const m = new SegmentedMessage(t);
			return {code: m.getEncodingName(), parts: m.segmentsCount};
		})));`, string(in), calculator)
	var theirs []struct {
		Code  string
		Parts int
	}
	if err := json.Unmarshal([]byte(out), &theirs); err != nil || len(theirs) != len(texts) {
		t.Fatalf("the calculator gave %d answers (%v)", len(theirs), err)
	}
	codes := map[string]int{}
	wrong := 0
	for i, text := range texts {
		code := "GSM-7"
		_, parts, err := words.GSM7(text)
		if err != nil {
			code = "UCS-2"
			_, parts, err = words.UCS2(text)
		}
		codes[code]++
		if code != theirs[i].Code || parts != theirs[i].Parts || err != nil {
			if wrong++; wrong < 5 {
				t.Errorf("%q: %d parts in %s (%v), the calculator says %d in %s", text, parts, code, err, theirs[i].Parts, theirs[i].Code)
			}
		}
	}
	if wrong > 0 || codes["GSM-7"] < len(texts)/5 || codes["UCS-2"] < len(texts)/5 {
		t.Errorf("%d differ; %v", wrong, codes)
	}
	t.Logf("%d texts: %v", len(texts), codes)
}
