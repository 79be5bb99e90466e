package drill

import (
	"slices"

	"bongsu/status"
)

// Service is a place in the city that can be asked, broken and mended.
type Service string

// The services. The first eight are what people use; the others are the
// gateways that carry texts.
const (
	Login    Service = "login"     // issues and verifies tokens for the others
	Chat     Service = "chat"      // the messenger: send, and read the inbox
	Places   Service = "places"    // place search
	Route    Service = "route"     // driving directions; stands on its own
	Pay      Service = "pay"       // payment: quote and ready, never an approval
	Taxi     Service = "taxi"      // ride quotes
	Bank     Service = "bank"      // the bank's core: health and balance, on its own network
	BankLink Service = "bank-link" // the bank's linked function, which pays through login
	SMS      Service = "sms"       // a gateway in Twilio's shape
	AlimTalk Service = "alimtalk"  // a gateway in NHN Cloud's shape; follows chat and login
	Slack    Service = "slack"     // the operators' workspace
	NHN      Service = "nhn-sms"   // another SMS gateway, in the shape of NHN Cloud SMS
	Solapi   Service = "solapi"    // another SMS gateway, in Solapi's shape
	Line     Service = "line"      // another messenger, in LINE's shape; stands on its own
)

// Services lists every service in the order people see them.
func Services() []Service {
	return []Service{Login, Chat, Places, Route, Pay, Taxi, Bank, BankLink, SMS, AlimTalk, Slack, NHN, Solapi, Line}
}

// Gateway says whether the service carries texts.
func (s Service) Gateway() bool { return s == SMS || s == AlimTalk || s == Slack || s.Spare() }

// Spare says whether the service is there for tests and drills only: nobody in
// the demo uses it.
func (s Service) Spare() bool { return s == NHN || s == Solapi || s == Line }

// Name is what people call the service. The names are generic on purpose.
func (s Service) Name() status.Text { return serviceNames[s] }

var serviceNames = map[Service]status.Text{
	Login:    {"ko": "공통 로그인", "ja": "共通ログイン", "en": "Shared login"},
	Chat:     {"ko": "메신저", "ja": "メッセンジャー", "en": "Messenger"},
	Places:   {"ko": "장소 검색", "ja": "場所検索", "en": "Place search"},
	Route:    {"ko": "길찾기", "ja": "経路案内", "en": "Directions"},
	Pay:      {"ko": "간편결제", "ja": "決済", "en": "Payment"},
	Taxi:     {"ko": "택시 호출", "ja": "タクシー配車", "en": "Taxi"},
	Bank:     {"ko": "은행 계좌", "ja": "銀行口座", "en": "Bank account"},
	BankLink: {"ko": "은행 연동 결제", "ja": "銀行の連携決済", "en": "Bank's linked payment"},
	SMS:      {"ko": "문자 발송사", "ja": "SMS事業者", "en": "SMS gateway"},
	AlimTalk: {"ko": "알림톡 발송사", "ja": "アリムトーク事業者", "en": "AlimTalk gateway"},
	Slack:    {"ko": "운영자 채팅", "ja": "運用者チャット", "en": "Operators' chat"},
	NHN:      {"ko": "문자 발송사 (NHN)", "ja": "SMS事業者(NHN)", "en": "SMS gateway (NHN)"},
	Solapi:   {"ko": "문자 발송사 (솔라피)", "ja": "SMS事業者(Solapi)", "en": "SMS gateway (Solapi)"},
	Line:     {"ko": "다른 메신저", "ja": "別のメッセンジャー", "en": "Another messenger"},
}

// Mode is how a service behaves.
type Mode string

// The modes of every service.
const (
	OK          Mode = "ok"
	Slow        Mode = "slow"                // answers rightly, after Settings.Slow
	Refused     Mode = "refused"             // nobody listens; open connections are reset
	Reset       Mode = "reset"               // the request is read whole, then the connection is reset; nothing was done
	ServerError Mode = "server_error"        // 503 in the service's own words
	Hang        Mode = "hang"                // the request is read, no answer comes
	Credential  Mode = "credential"          // 401, whatever the credential
	ExpiredCert Mode = "expired_certificate" // the TLS address shows a certificate of yesterday; the plain one is well
)

// The modes of services people use.
const (
	WrongBody Mode = "wrong_body" // 200 with a maintenance page instead of the answer
	Quota     Mode = "quota"      // 429 with Retry-After
	QuotaCode Mode = "quota_code" // 400 with code -10, as a large Korean platform says it
)

// The modes of gateways. The spare ones know [Quota] too.
const (
	Throttled  Mode = "throttled"   // 429 with Retry-After; nothing is taken
	Lose       Mode = "lose"        // accepts, then nothing ever arrives and no receipt comes
	LostAnswer Mode = "lost_answer" // takes the message, and the connection is reset before the answer
	Late       Mode = "late"        // messages arrive in time, receipts come after Settings.Late
	Shuffled   Mode = "shuffled"    // receipts come in the wrong order and twice
)

var (
	commonModes  = []Mode{OK, Slow, Refused, Reset, ServerError, Hang, Credential, ExpiredCert}
	serviceModes = append(slices.Clip(commonModes), WrongBody, Quota, QuotaCode)
	gatewayModes = append(slices.Clip(commonModes), Throttled, Lose, LostAnswer, Late, Shuffled)
)

// Modes lists the modes the service knows, the healthy one first.
func (s Service) Modes() []Mode {
	switch {
	case s.Name() == nil:
		return nil
	case s == Slack || s == Line: // it has no receipts to be late or shuffled
		return slices.DeleteFunc(slices.Clone(gatewayModes), func(m Mode) bool { return m == Late || m == Shuffled })
	case s.Spare():
		return append(slices.Clone(gatewayModes), Quota)
	case s.Gateway():
		return slices.Clone(gatewayModes)
	default:
		return slices.Clone(serviceModes)
	}
}

// Name is what people call the mode.
func (m Mode) Name() status.Text { return modeNames[m] }

var modeNames = map[Mode]status.Text{
	OK:          {"ko": "정상", "ja": "正常", "en": "well"},
	Slow:        {"ko": "느림", "ja": "遅い", "en": "slow"},
	Refused:     {"ko": "연결 거부", "ja": "接続拒否", "en": "connection refused"},
	Reset:       {"ko": "연결 끊김", "ja": "接続切断", "en": "connection reset"},
	ServerError: {"ko": "서버 오류 503", "ja": "サーバーエラー503", "en": "server error 503"},
	Hang:        {"ko": "응답 없음", "ja": "応答なし", "en": "no answer"},
	Credential:  {"ko": "인증 거부 401", "ja": "認証拒否401", "en": "credential refused 401"},
	ExpiredCert: {"ko": "인증서 만료", "ja": "証明書の期限切れ", "en": "expired certificate"},
	WrongBody:   {"ko": "엉뚱한 내용 200", "ja": "誤った内容200", "en": "wrong body with 200"},
	Quota:       {"ko": "한도 초과 429", "ja": "上限超過429", "en": "quota 429"},
	QuotaCode:   {"ko": "한도 초과 -10", "ja": "上限超過-10", "en": "quota, code -10"},
	Throttled:   {"ko": "속도 제한 429", "ja": "速度制限429", "en": "throttled 429"},
	Lose:        {"ko": "접수 후 분실", "ja": "受付後に消失", "en": "accepts and loses"},
	LostAnswer:  {"ko": "접수 후 응답 유실", "ja": "受付後に応答消失", "en": "takes it, answer lost"},
	Late:        {"ko": "늦은 결과", "ja": "遅い受領通知", "en": "late receipts"},
	Shuffled:    {"ko": "뒤섞인 결과", "ja": "順不同の受領通知", "en": "shuffled receipts"},
}

// dead says whether people who use the service get nothing from it.
func (m Mode) dead() bool {
	switch m {
	case Refused, Reset, ServerError, Hang, WrongBody:
		return true
	default:
		return false
	}
}
