package speech

import (
	"fmt"
	"html/template"
	"reflect"
	"strings"
	"text/template/parse"
)

// Complete checks that all that a set of templates calls for is there: other
// templates, and texts by a constant id as in {{say "id"}}.
func (c *Catalog) Complete(set *template.Template) error {
	for _, t := range set.Templates() {
		if t.Tree == nil {
			continue
		}
		for _, name := range calls(t.Tree.Root) {
			kind, id, _ := strings.Cut(name, " ")
			switch {
			case kind == "template" && set.Lookup(id) == nil:
				return fmt.Errorf("template %s calls for the template %q, which is not there", t.Name(), id)
			case kind == "say" && !c.Has(id):
				return fmt.Errorf("template %s calls for the text %q, which is not there", t.Name(), id)
			}
		}
	}
	return nil
}

// calls lists the templates ("template NAME") and texts ("say ID") that a part
// of a template calls for by a constant name.
func calls(n parse.Node) []string {
	if n == nil || reflect.ValueOf(n).IsNil() {
		return nil
	}
	var found []string
	switch n := n.(type) {
	case *parse.ListNode:
		for _, child := range n.Nodes {
			found = append(found, calls(child)...)
		}
	case *parse.IfNode:
		found = branchCalls(&n.BranchNode)
	case *parse.RangeNode:
		found = branchCalls(&n.BranchNode)
	case *parse.WithNode:
		found = branchCalls(&n.BranchNode)
	case *parse.TemplateNode:
		found = append(calls(n.Pipe), "template "+n.Name)
	case *parse.ActionNode:
		found = calls(n.Pipe)
	case *parse.PipeNode:
		for _, command := range n.Cmds {
			found = append(found, calls(command)...)
		}
	case *parse.CommandNode:
		found = commandCalls(n)
	}
	return found
}

func branchCalls(b *parse.BranchNode) []string {
	found := calls(b.Pipe)
	found = append(found, calls(b.List)...)
	return append(found, calls(b.ElseList)...)
}

func commandCalls(c *parse.CommandNode) []string {
	var found []string
	for i, argument := range c.Args {
		if pipe, nested := argument.(*parse.PipeNode); nested {
			found = append(found, calls(pipe)...)
		}
		if name, ok := argument.(*parse.IdentifierNode); !ok || name.Ident != "say" || i+1 >= len(c.Args) {
			continue
		}
		if id, ok := c.Args[i+1].(*parse.StringNode); ok {
			found = append(found, "say "+id.Text)
		}
	}
	return found
}
