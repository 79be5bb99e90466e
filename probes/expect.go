package probes

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/types"
	"github.com/expr-lang/expr/vm"
)

// What an expectation may be and may use. The language tests values and never
// builds large ones: no let, no map, no reduce, no repeat. So its memory is at
// most the answer times the size of the expression, whatever the answer is.
const (
	maxExpression = 1000                   // characters
	maxNodes      = 100                    // parts of an expression; the longest preset has 11
	maxEvaluation = 250 * time.Millisecond // a JSON body of 1 MiB is walked in about 50 ms
	maxTurns      = 1 << 20                // items of lists walked by an expression in a rehearsal
	clockEvery    = 16                     // items of a list between two looks at the clock
	maxDescribed  = 64 << 10               // bytes of a value; far more than is shown, so that no secret is cut before it is masked
)

var builtins = []string{
	"all", "any", "none", "one", "count", "filter", "find", "findIndex",
	"len", "first", "last", "get", "keys", "values", "sum", "min", "max",
	"abs", "ceil", "floor", "round", "int", "float", "string", "type",
	"trim", "trimPrefix", "trimSuffix", "upper", "lower", "split",
	"indexOf", "lastIndexOf", "hasPrefix", "hasSuffix",
}

// vocabulary is what the expressions of a kind may speak of, with its types.
type vocabulary types.Map

// An expression is compiled once, when the configuration is loaded.
type expression struct {
	source   string
	program  *vm.Program
	names    []string   // what it speaks of: "status", "json", a saved value
	subjects []*subject // what to show when it does not hold
}

// A subject is a part of an expression whose value is worth showing.
type subject struct {
	source  string
	program *vm.Program
}

// speaksOf says whether the expression uses a name.
func (e *expression) speaksOf(name string) bool { return slices.Contains(e.names, name) }

// onlyAboutTime says whether the expression asks how long it took and nothing
// else, so that not holding it is slow, not wrong.
func (e *expression) onlyAboutTime() bool {
	timeless := func(name string) bool { return name != "ms" && name != "rtt" }
	return len(e.names) > 0 && !slices.ContainsFunc(e.names, timeless)
}

// compileCondition compiles an expectation.
func compileCondition(source string, words vocabulary) (*expression, error) {
	return compile(source, words, expr.AsBool())
}

// compileValue compiles what a save takes from an answer.
func compileValue(source string, words vocabulary) (*expression, error) {
	return compile(source, words, expr.AsAny())
}

func compile(source string, words vocabulary, result expr.Option) (*expression, error) {
	if len(source) > maxExpression {
		return nil, fmt.Errorf("is longer than %d characters; split it into several expectations", maxExpression)
	}
	if strings.TrimSpace(source) == "" {
		return nil, errors.New(`is empty; write a condition like "status == 200"`)
	}
	look := &reading{}
	options := append(languageOf(words), result, expr.Patch(look), expr.Patch(&clocking{}))
	program, err := expr.Compile(source, options...)
	if look.refused != nil {
		return nil, look.refused
	}
	if err != nil {
		return nil, readable(err)
	}
	slices.Sort(look.names)
	e := &expression{source: source, program: program, names: slices.Compact(look.names)}
	e.subjects = compileSubjects(look.subjects(), words)
	return e, nil
}

func languageOf(words vocabulary) []expr.Option {
	known := types.Map{budgetName: types.TypeOf(&budget{})}
	maps.Copy(known, types.Map(words))
	options := []expr.Option{
		expr.Env(known), expr.AllowUndefinedVariables(), expr.MaxNodes(maxNodes), expr.DisableAllBuiltins(),
		expr.Function(tickName, tick, func(*budget) bool { return true }),
		nearFunction(),
	}
	for _, name := range builtins {
		options = append(options, expr.EnableBuiltin(name))
	}
	return options
}

// compileSubjects leaves out what does not stand alone: a part of a predicate.
func compileSubjects(sources []string, words vocabulary) []*subject {
	var subjects []*subject
	for _, source := range sources {
		if program, err := expr.Compile(source, languageOf(words)...); err == nil {
			subjects = append(subjects, &subject{source, program})
		}
	}
	return subjects
}

// readable is the first line of a compiler's error, with its place.
func readable(err error) error {
	if e, ok := errors.AsType[*file.Error](err); ok {
		return fmt.Errorf("%s at character %d", e.Message, e.Column+1)
	}
	line, _, _ := strings.Cut(err.Error(), "\n")
	return errors.New(line)
}

const someFunctions = "write a comparison, or len, all, any, none, count, filter, find, keys, lower, hasPrefix, near"

// reading walks an expression as it was written: it collects what the
// expression speaks of and refuses what is not in our language.
type reading struct {
	names   []string
	members []ast.Node // in the order of the walk: a chain's inner parts come first
	refused error
}

func (r *reading) refuse(format string, args ...any) {
	if r.refused == nil {
		r.refused = fmt.Errorf(format, args...)
	}
}

// Visit implements [ast.Visitor].
func (r *reading) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		if strings.HasPrefix(n.Value, "$") {
			r.refuse("%q is not a value here; write status, json, a saved value", n.Value)
		}
		if n.Value == nearName {
			return // a function, not a value
		}
		r.names = append(r.names, n.Value)
		r.members = append(r.members, n)
	case *ast.MemberNode:
		r.members = append(r.members, n)
	case *ast.CallNode:
		if callee, ok := n.Callee.(*ast.IdentifierNode); !ok || callee.Value != nearName {
			r.refuse("there is no function %s; %s", n.Callee, someFunctions)
		}
	case *ast.BuiltinNode:
		if !slices.Contains(builtins, n.Name) {
			r.refuse("the function %s is not known here; %s", n.Name, someFunctions)
		}
	case *ast.VariableDeclaratorNode, *ast.SequenceNode:
		r.refuse("let and ; are not known here; write one condition")
	case *ast.BinaryNode:
		if _, constant := n.Right.(*ast.StringNode); n.Operator == "matches" && !constant {
			r.refuse("matches needs a pattern in quotes")
		}
	}
}

// subjects are the longest chains that the expression speaks of: json.ok, not
// json and json.ok.
func (r *reading) subjects() []string {
	var sources []string
	for i, node := range r.members {
		source := node.String()
		inner := i+1 < len(r.members) && isInner(node, r.members[i+1:])
		if !inner && !slices.Contains(sources, source) {
			sources = append(sources, source)
		}
	}
	return sources
}

func isInner(node ast.Node, later []ast.Node) bool {
	return slices.ContainsFunc(later, func(outer ast.Node) bool {
		member, ok := outer.(*ast.MemberNode)
		return ok && (member.Node == node || member.Property == node)
	})
}

// Names no expression can write.
const (
	budgetName = "$budget"
	tickName   = "$tick"
)

// clocking makes every turn of a predicate look at the clock, so that nested
// walks over a large answer end in time.
type clocking struct{}

// Visit implements [ast.Visitor].
func (*clocking) Visit(node *ast.Node) {
	predicate, ok := (*node).(*ast.PredicateNode)
	if !ok {
		return
	}
	predicate.Node = &ast.ConditionalNode{
		Ternary: true,
		Cond: &ast.CallNode{
			Callee:    &ast.IdentifierNode{Value: tickName},
			Arguments: []ast.Node{&ast.IdentifierNode{Value: budgetName}},
		},
		Exp1: predicate.Node,
		Exp2: &ast.BoolNode{Value: false},
	}
}

// budget is the time an evaluation may take. In a rehearsal it is counted in
// turns, so that a busy machine does not change what comes of it.
type budget struct {
	began     time.Time
	turns     int
	rehearsed bool
}

func (b *budget) renew() {
	b.turns = 0
	if !b.rehearsed {
		b.began = time.Now()
	}
}

func (b *budget) spent() bool {
	if b.rehearsed {
		return b.turns > maxTurns
	}
	return b.turns%clockEvery == 0 && time.Since(b.began) > maxEvaluation
}

var errTooMuch = errors.New("the expectation takes too long on this answer; write a simpler one")

func tick(args ...any) (any, error) {
	b := args[0].(*budget)
	b.turns++
	if b.spent() {
		return nil, errTooMuch
	}
	return true, nil
}

// newScene is what expressions speak of, with room for some names.
func newScene(run *Run, names int) map[string]any {
	scene := make(map[string]any, names+1)
	scene[budgetName] = &budget{rehearsed: run.rehearsal != nil}
	return scene
}

// evaluate runs a program over what was seen.
func evaluate(program *vm.Program, scene map[string]any) (any, error) {
	scene[budgetName].(*budget).renew()
	var machine vm.VM
	value, err := machine.Run(program, scene)
	if errors.Is(err, errTooMuch) {
		return nil, errTooMuch
	}
	if err != nil {
		return nil, readable(err)
	}
	return value, nil
}

// holds says whether an expectation is met. An error says that it could not be
// asked of this answer: json.ok of a list, for instance.
func (e *expression) holds(scene map[string]any) (bool, error) {
	value, err := evaluate(e.program, scene)
	if err != nil {
		return false, err
	}
	met, ok := value.(bool)
	if !ok {
		return false, fmt.Errorf("%s is neither true nor false", describe(value))
	}
	return met, nil
}

// instead says what was there where the expectation did not hold.
func (e *expression) instead(scene map[string]any) string {
	var seen []string
	for _, s := range e.subjects {
		if value, err := evaluate(s.program, scene); err == nil {
			seen = append(seen, s.source+" is "+describe(value))
		}
	}
	return strings.Join(seen, ", ")
}

// describe writes a value for people, most of a large one left out.
func describe(v any) string {
	switch v := v.(type) {
	case nil:
		return "missing"
	case string:
		return strconv.Quote(v[:min(len(v), maxDescribed)])
	case []string:
		return "[" + strings.Join(v, ", ") + "]"
	case []any:
		return fmt.Sprintf("a list of %d", len(v))
	case map[string]any:
		return fmt.Sprintf("a table of %d", len(v))
	case map[string]string:
		return fmt.Sprintf("%d headers", len(v))
	case float64:
		return formatNumber(v)
	default:
		return fmt.Sprint(v)
	}
}
