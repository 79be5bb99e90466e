package imports

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// YAML is the configuration as it is to be written: with a comment wherever a
// person has to decide.
func (i *Import) YAML() []byte {
	root := table()
	put(root, "site", i.siteNode())
	put(root, "listen", word("127.0.0.1:8080"))
	put(root, "database", word("bongsu.db"))
	put(root, "keys", word("file:bongsu.keys"))
	put(root, "groups", i.groupNodes())
	put(root, "components", i.componentNodes())
	if channels, routes := i.channelNodes(); len(channels.Content) > 0 {
		put(root, "channels", channels)
		put(root, "routes", routes)
	}
	var out bytes.Buffer
	out.WriteString(comment(i.head()))
	out.WriteByte('\n')
	e := yaml.NewEncoder(&out)
	e.SetIndent(2)
	if err := e.Encode(root); err != nil {
		panic(err) // nodes of our own making can be written
	}
	if tail := i.tail(); len(tail) > 0 {
		out.WriteByte('\n')
		out.WriteString(comment(tail))
	}
	return out.Bytes()
}

func (i *Import) head() []string {
	lines := []string{
		"Taken over from " + i.source + " (" + i.from + ") by `bongsu import`.",
		"Look for \"decide:\". Then `bongsu validate`, `bongsu check`, `bongsu serve`.",
	}
	if len(i.Variables) > 0 {
		lines = append(lines, "", "Secrets were not copied. Set these variables before you start:")
		for _, v := range i.Variables {
			lines = append(lines, "  "+v.Name+": "+v.What)
		}
	}
	return lines
}

func (i *Import) tail() []string {
	var lines []string
	for _, c := range i.channels {
		if len(c.draft) > 0 {
			lines = append(append(lines, ""), c.notes...)
			lines = append(lines, c.draft...)
		}
	}
	for _, n := range i.notes {
		lines = append(lines, "", n)
	}
	if len(lines) > 0 {
		lines = lines[1:]
	}
	return lines
}

// comment is lines with a # before each. What is inside can end no comment:
// each is made one line first.
func comment(lines []string) string {
	var b strings.Builder
	for _, text := range lines {
		b.WriteString(strings.TrimRight("# "+printable(text), " ") + "\n")
	}
	return b.String()
}

// printable is a text on one line, its spaces kept.
func printable(text string) string {
	indent := len(text) - len(strings.TrimLeft(text, " "))
	return strings.Repeat(" ", indent) + line(text, 1000)
}

func (i *Import) siteNode() *yaml.Node {
	site := table()
	put(site, "name", word(i.name))
	address := word(i.url)
	if i.url == placeholderURL {
		address.LineComment = "decide: where people will find the page"
	}
	put(site, "url", address)
	languages := list(word(i.lang))
	languages.Style = yaml.FlowStyle
	languages.LineComment = "decide: write names in ko, ja and en, then add the languages"
	put(site, "languages", languages)
	put(site, "time_zone", word(i.zone))
	site.Content[len(site.Content)-1].LineComment = "decide: and contact:, a mail address or page for those whose hosts are looked at; their checks start only with it"
	return site
}

func (i *Import) groupNodes() *yaml.Node {
	nodes := list()
	for _, g := range i.groups {
		node := table()
		put(node, "id", word(g.id))
		put(node, "name", word(g.name))
		node.Style = yaml.FlowStyle
		nodes.Content = append(nodes.Content, node)
	}
	return nodes
}

func (i *Import) componentNodes() *yaml.Node {
	nodes := list()
	for _, c := range i.components {
		node := table()
		put(node, "id", word(c.id))
		put(node, "group", word(c.group))
		put(node, "name", word(c.name))
		checks := list()
		for _, x := range c.checks {
			checks.Content = append(checks.Content, x.node())
		}
		put(node, "checks", checks)
		node.HeadComment = decisions(c.notes)
		nodes.Content = append(nodes.Content, node)
	}
	return nodes
}

func decisions(notes []string) string {
	lines := make([]string, 0, len(notes))
	for _, n := range notes {
		lines = append(lines, "decide: "+line(n, 1000))
	}
	return strings.Join(lines, "\n")
}

func (c *check) node() *yaml.Node {
	node := tableOf(c.fields)
	node.HeadComment = decisions(c.notes)
	if len(c.expect) > 0 {
		put(node, "expect", words(c.expect))
	}
	if len(c.steps) > 0 {
		steps := list()
		for _, s := range c.steps {
			one := tableOf(s.fields)
			if len(s.expect) > 0 {
				put(one, "expect", words(s.expect))
			}
			steps.Content = append(steps.Content, one)
		}
		put(node, "steps", steps)
	}
	return node
}

func (i *Import) channelNodes() (channels, routes *yaml.Node) {
	channels, routes = list(), list()
	for _, c := range i.channels {
		if len(c.draft) > 0 {
			continue
		}
		node := table()
		put(node, "id", word(c.id))
		for _, p := range c.fields {
			put(node, p.key, valueNode(p.value))
		}
		node.HeadComment = decisions(c.notes)
		channels.Content = append(channels.Content, node)
		if c.route {
			route := table()
			put(route, "audience", word("operators"))
			put(route, "channel", word(c.id))
			route.Style = yaml.FlowStyle
			routes.Content = append(routes.Content, route)
		}
	}
	return channels, routes
}

func tableOf(fields []pair) *yaml.Node {
	node := table()
	for _, p := range fields {
		put(node, p.key, valueNode(p.value))
	}
	return node
}

func valueNode(value any) *yaml.Node {
	switch v := value.(type) {
	case string:
		return word(v)
	case int:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!int", Value: strconv.Itoa(v)}
	case bool:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: strconv.FormatBool(v)}
	case time.Duration:
		return word(brief(v))
	case []string:
		return words(v)
	case map[string]string:
		node := table()
		for _, key := range sortedKeys(v) {
			put(node, key, word(v[key]))
		}
		return node
	default:
		panic(fmt.Sprintf("a value of type %T is never set", value))
	}
}

func table() *yaml.Node { return &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"} }

func list(items ...*yaml.Node) *yaml.Node {
	return &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Content: items}
}

func words(texts []string) *yaml.Node {
	node := list()
	for _, t := range texts {
		node.Content = append(node.Content, word(t))
	}
	return node
}

// word is a text: quoted where YAML would take it for something else.
func word(text string) *yaml.Node {
	var node yaml.Node
	node.SetString(strings.ToValidUTF8(text, ""))
	return &node
}

func put(table *yaml.Node, key string, value *yaml.Node) {
	table.Content = append(table.Content, word(key), value)
}
