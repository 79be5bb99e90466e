// Package appnotice holds what public-service apps send through us: templates
// that an administrator approves, the parameters that fill them, who receives
// them, what that may cost, and what the app is told of it afterwards.
//
// An app brings its own people: they are kept sealed like subscribers, are not
// subscribers of outage notices, and are forgotten when no list of the app
// names them any more. A text of an app is a notice like any other: it leaves
// by the plan, and moves off a channel that has failed by itself.
//
// What is decided here is a function of its arguments; [Desk] carries it out.
package appnotice
