package slack

import (
	"unicode/utf8"

	api "github.com/slack-go/slack"

	"bongsu/notifier"
)

// maxSection is how many characters a section of a message has at most.
const maxSection = 3000

// labels are what is on the buttons, by language.
var labels = map[string]struct{ acknowledge, publish, sure, yes, no string }{
	"ko": {"확인했습니다", "페이지에 알리기", "“확인하고 있습니다”라고 공개 페이지에 씁니다.", "쓰기", "그만두기"},
	"ja": {"確認しました", "ページに載せる", "「確認しています」と公開ページに載せます。", "載せる", "やめる"},
	"en": {"Acknowledge", "Say so on the page", "The public page will say that you have seen this and are looking into it.", "Say it", "Not now"},
}

// buttons are put under the first message of an incident, if the app has a
// secret by which presses can be believed.
func (g *gateway) buttons(m notifier.Message) []api.MsgOption {
	words := text(m)
	if !g.pressed || m.Incident == "" || m.ReplyTo != "" || utf8.RuneCountInString(words) > maxSection {
		return nil
	}
	l, known := labels[m.Lang]
	if !known {
		l = labels["en"]
	}
	plain := func(s string) *api.TextBlockObject { return api.NewTextBlockObject(api.PlainTextType, s, false, false) }
	publish := api.NewButtonBlockElement(ButtonPublish, m.Incident, plain(l.publish))
	publish.Confirm = api.NewConfirmationBlockObject(plain(l.publish), plain(l.sure), plain(l.yes), plain(l.no))
	return []api.MsgOption{api.MsgOptionBlocks(
		api.NewSectionBlock(api.NewTextBlockObject(api.MarkdownType, escape(words), false, true), nil, nil),
		api.NewActionBlock("bongsu", api.NewButtonBlockElement(ButtonAcknowledge, m.Incident, plain(l.acknowledge)), publish),
	)}
}
