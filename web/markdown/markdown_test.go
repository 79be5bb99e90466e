package markdown_test

import (
	"strings"
	"testing"

	"golang.org/x/net/html"

	"bongsu/web/markdown"
)

func TestWhatOperatorsWriteIsShown(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"headings lie below the page's own", "# What happened\n## Why", "<h3>What happened</h3>\n<h4>Why</h4>\n"},
		{"however deep", "###### Deep", "<h6>Deep</h6>\n"},
		{"lists", "- one\n- two", "<ul>\n<li>one</li>\n<li>two</li>\n</ul>\n"},
		{"a table", "| at | what |\n| - | - |\n| 15:30 | fire |", "<table>\n<thead>\n<tr>\n<th>at</th>\n<th>what</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>15:30</td>\n<td>fire</td>\n</tr>\n</tbody>\n</table>\n"},
		{"a link to the web", "[notice](https://operator.example/a?b=c&d)", `<p><a href="https://operator.example/a?b=c&amp;d" rel="nofollow noopener noreferrer">notice</a></p>` + "\n"},
		{"an address by itself", "<https://operator.example/>", `<p><a href="https://operator.example/" rel="nofollow noopener noreferrer">https://operator.example/</a></p>` + "\n"},
		{"a picture is a link", "![graph](https://operator.example/g.png)", `<p><a href="https://operator.example/g.png" rel="nofollow noopener noreferrer">graph</a></p>` + "\n"},
		{"HTML shows as written", "a <b>b</b>\n\n<script>alert(1)</script>", "<p>a &lt;b&gt;b&lt;/b&gt;</p>\n<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>\n"},
		{"other schemes lead nowhere", "[x](javascript:alert(1)) [y](data:text/html,z) [z](/console)", "<p>x y z</p>\n"},
		{"nor do names before a host", "[x](https://bank.example@evil.example/)", "<p>x</p>\n"},
		{"templates are text", "{{.Secret}}", "<p>{{.Secret}}</p>\n"},
	} {
		got, err := markdown.HTML(tt.text)
		if err != nil || string(got) != tt.want {
			t.Errorf("%s: %q (%v), want %q", tt.name, got, err, tt.want)
		}
	}
}

// known is every element and attribute there may be.
var known = map[string]string{
	"h3": "", "h4": "", "h5": "", "h6": "", "p": "", "ul": "", "ol": "start", "li": "", "blockquote": "", "pre": "", "code": "class",
	"em": "", "strong": "", "del": "", "hr": "", "br": "", "a": "href rel title", "table": "", "thead": "", "tbody": "", "tr": "", "th": "style align", "td": "style align",
}

// Whatever is written, nothing of it can do anything.
func FuzzHTML(f *testing.F) {
	for _, seed := range []string{
		"# a\n\n<script>x</script> <img src=x onerror=y> [a](javascript:b) ![c](data:d)", "<a href='x'\n\n|a|\n|:-:|\n|<td>|", "```html\"><script>\nx\n```", "[a]: javascript:x\n[a]", "<!-- x\n\ny -->z",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 20_000 {
			return
		}
		out, err := markdown.HTML(text)
		if err != nil {
			t.Fatal(err)
		}
		z := html.NewTokenizer(strings.NewReader(string(out)))
		for z.Next() != html.ErrorToken {
			token := z.Token()
			switch token.Type {
			case html.CommentToken, html.DoctypeToken:
				t.Fatalf("%q has %q", out, token)
			case html.StartTagToken, html.SelfClosingTagToken:
				attributes, ok := known[token.Data]
				if !ok {
					t.Fatalf("%q has an element <%s>", out, token.Data)
				}
				for _, a := range token.Attr {
					if !strings.Contains(" "+attributes+" ", " "+a.Key+" ") || a.Key == "href" && !strings.HasPrefix(a.Val, "http") {
						t.Fatalf("%q has %s=%q", out, a.Key, a.Val)
					}
				}
			case html.TextToken, html.EndTagToken, html.ErrorToken:
			}
		}
	})
}
