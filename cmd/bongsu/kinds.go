package main

import (
	"errors"
	"fmt"
	"os"

	"bongsu/config"
	"bongsu/notifier"
	"bongsu/notifier/alimtalk"
	"bongsu/notifier/line"
	"bongsu/notifier/mail"
	"bongsu/notifier/nhn"
	"bongsu/notifier/slack"
	"bongsu/notifier/solapi"
	"bongsu/notifier/twilio"
	"bongsu/notifier/webhook"
	"bongsu/notifier/webpush"
	"bongsu/notifier/words"
	"bongsu/probes"
	"bongsu/web/mirror"
)

// kinds is the table of everything a configuration may use. Adding a gateway
// is one folder and one line here; adding a probe kind is one file and one
// line in probes.
func kinds() config.Kinds {
	return config.Kinds{
		Probes: probes.Kinds(),
		Gateways: []notifier.GatewayKind{
			twilio.Kind(), nhn.Kind(), solapi.Kind(), alimtalk.Kind(), line.Kind(),
			mail.Kind(), webpush.Kind(), webhook.Kind(), webhook.StatuspageKind(), slack.Kind(),
		},
		Presets: probes.Presets(),
	}
}

// lookup finds an environment variable, as os.LookupEnv does.
type lookup func(name string) (string, bool)

func readOptions(env lookup) config.Options {
	return config.Options{
		Kinds: kinds(),
		Env:   env,
		Measure: func(lang, text string) (int, error) {
			size, err := words.Measure(lang, notifier.ClassSMS, text)
			if size.Unit == "units" { // UCS-2
				size.Units *= 2
			}
			return size.Units, err
		},
		Mirror: mirror.Check,
	}
}

// loadConfig reads the configuration. A missing file says what to do.
func loadConfig(path string, env lookup) (*config.Config, error) {
	return load(path, readOptions(env))
}

// loadBeside reads the configuration for a command that works on the database
// beside the server. It needs no secret of a check or gateway: in an emergency a
// shell has few of them.
func loadBeside(path string) (*config.Config, error) {
	options := readOptions(os.LookupEnv)
	options.OwnOnly = true
	return load(path, options)
}

func load(path string, options config.Options) (*config.Config, error) {
	c, err := config.Load(path, options)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%w; `bongsu init` writes one, `-c FILE` names another", err)
	}
	return c, err
}
