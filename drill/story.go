package drill

import (
	"context"
	"fmt"
	"time"

	"bongsu/status"
)

// Deed is what happens in a scene.
type Deed uint8

// The deeds.
const (
	Say          Deed = iota // nothing but the words
	Tell                     // the program sends an ordinary text to every subscriber
	Turn                     // a service changes its mode
	WaitOpen                 // until an incident is open and announced
	WaitResolved             // until it is resolved
)

// Scene is one line of the script.
type Scene struct {
	At      time.Duration // not before this, since the story began
	Deed    Deed
	Service Service       // of Turn
	Mode    Mode          // of Turn
	Text    status.Text   // of Tell
	Within  time.Duration // of a wait: the story breaks off after this
	Says    status.Text   // the narrator's line, spoken once the deed is done
}

// Story is a script.
type Story []Scene

// DemoStory is the demo's script: two ordinary texts by the messenger, then
// login dies while a third is on its way, then login is mended. Its waits
// included it lasts two minutes at most.
func DemoStory() Story {
	return Story{
		{
			At: time.Second, Deed: Tell, Text: ordinary(1),
			Says: status.Text{
				"ko": "평소의 알림이 나갑니다. 메신저를 고른 사람은 메신저로 받습니다.",
				"ja": "ふだんのお知らせを送ります。メッセンジャーを選んだ人にはメッセンジャーで届きます。",
				"en": "An ordinary notice goes out; those who chose the messenger get it there.",
			},
		},
		{
			At: 8 * time.Second, Deed: Tell, Text: ordinary(2),
			Says: status.Text{
				"ko": "두 번째 알림도 메신저로 갑니다. 모두 정상입니다.",
				"ja": "二通目もメッセンジャーで送ります。すべて正常です。",
				"en": "A second one follows the same way; all is well.",
			},
		},
		{
			At: 15 * time.Second, Deed: Turn, Service: Login, Mode: Refused,
			Says: status.Text{
				"ko": "공통 로그인이 멈췄습니다. 메신저, 장소 검색, 결제, 택시가 함께 멈춥니다.",
				"ja": "共通ログインが止まりました。メッセンジャー、場所検索、決済、タクシーも止まります。",
				"en": "The shared login dies, and the messenger, place search, payment and taxi with it.",
			},
		},
		{
			At: 15 * time.Second, Deed: Tell, Text: ordinary(3),
			Says: status.Text{
				"ko": "같은 순간에 나간 알림은 메신저에서 응답을 받지 못합니다.",
				"ja": "同じ瞬間に出たお知らせには、メッセンジャーから応答がありません。",
				"en": "A notice sent at that very moment gets no answer from the messenger.",
			},
		},
		{
			At: 15 * time.Second, Deed: WaitOpen, Within: 30 * time.Second,
			Says: status.Text{
				"ko": "장애가 원인과 함께 상황판에 올랐고, 알림은 문자로 갑니다.",
				"ja": "障害が原因とともに掲示され、お知らせはSMSで届きます。",
				"en": "The page names the outage and its cause; the texts now go by SMS.",
			},
		},
		{
			At: 45 * time.Second, Deed: Turn, Service: Login, Mode: OK,
			Says: status.Text{
				"ko": "로그인이 복구되었습니다. 상황판은 잠시 지켜본 뒤 종료합니다.",
				"ja": "ログインが復旧しました。しばらく見守ってから終了とします。",
				"en": "Login is mended; the page watches for a while before it calls it over.",
			},
		},
		{
			At: 45 * time.Second, Deed: WaitResolved, Within: 60 * time.Second,
			Says: status.Text{
				"ko": "상황이 종료되었고, 장애를 들은 사람은 종료도 들었습니다.",
				"ja": "終了しました。障害の知らせを受けた人には終了も知らせました。",
				"en": "It is over, and everyone who heard of the outage has heard of its end.",
			},
		},
		{
			At: 50 * time.Second, Deed: Say,
			Says: status.Text{
				"ko": "이제 직접 고장 내고 고쳐 보십시오.",
				"ja": "ここからはご自分で壊したり直したりできます。",
				"en": "Now break and mend things yourself.",
			},
		},
	}
}

// ordinary is the nth everyday text. It fits one part in every language.
func ordinary(n int) status.Text {
	return status.Text{
		"ko": fmt.Sprintf("[모의] 평소 알림 %d: 내일 보건소 예약이 있습니다.", n),
		"ja": fmt.Sprintf("【模擬】お知らせ%d:明日は保健所の予約日です。", n),
		"en": fmt.Sprintf("[Simulation] Notice %d: your clinic visit is tomorrow.", n),
	}
}

// Longest is how long the story can take: its last scene, or its waits at their
// longest, and what comes after them. Deeds other than waits count as instant.
func (s Story) Longest() time.Duration {
	end := time.Duration(0)
	for _, scene := range s {
		end = max(end, scene.At) + scene.Within
	}
	return end
}

// Stage is what a story needs of the city; [City] is one.
type Stage interface {
	Set(ctx context.Context, s Service, m Mode) error
}

// Program is what a story needs of the program under the drill.
type Program interface {
	// Tell sends an ordinary text to every subscriber by their plans. It returns
	// once the notice is recorded; the texts may still be on their way.
	Tell(ctx context.Context, text status.Text) error
	// WaitOpen returns when an incident is open and announced.
	WaitOpen(ctx context.Context) error
	// WaitResolved returns when no incident is open any more.
	WaitResolved(ctx context.Context) error
}

// Run plays the story from its first scene, with began as its hour zero. After
// each scene it hands it to narrate. It returns early, with the scene's number
// in the error, when a deed fails, a wait takes too long or ctx ends.
func (s Story) Run(ctx context.Context, began time.Time, stage Stage, program Program, narrate func(Scene)) error {
	for i, scene := range s {
		if !wait(ctx, time.Until(began.Add(scene.At))) {
			return fmt.Errorf("playing scene %d of %d: %w", i+1, len(s), context.Cause(ctx))
		}
		if err := scene.play(ctx, stage, program); err != nil {
			return fmt.Errorf("playing scene %d of %d: %w", i+1, len(s), err)
		}
		narrate(scene)
	}
	return nil
}

func (s Scene) play(ctx context.Context, stage Stage, program Program) error {
	switch s.Deed {
	case Tell:
		return program.Tell(ctx, s.Text)
	case Turn:
		return stage.Set(ctx, s.Service, s.Mode)
	case WaitOpen:
		return within(ctx, s.Within, "for an incident to open", program.WaitOpen)
	case WaitResolved:
		return within(ctx, s.Within, "for the incident to be resolved", program.WaitResolved)
	default:
		return nil
	}
}

// within waits for something with a limit; the error says what it was.
func within(ctx context.Context, limit time.Duration, what string, await func(context.Context) error) error {
	cause := fmt.Errorf("it took longer than %s: %w", limit, context.DeadlineExceeded)
	ctx, cancel := context.WithTimeoutCause(ctx, limit, cause)
	defer cancel()
	err := await(ctx)
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return fmt.Errorf("waiting %s: %w", what, err)
	}
	return nil
}
