package main

import (
	"errors"
	"fmt"
	"os"

	"bongsu/config"
	"bongsu/notifier"
	"bongsu/notifier/alimtalk"
	"bongsu/notifier/slack"
	"bongsu/notifier/twilio"
	"bongsu/notifier/words"
	"bongsu/probes"
)

// kinds is the table of everything a configuration may use. Adding a gateway
// is one folder and one line here; adding a probe kind is one file and one
// line in probes.
func kinds() config.Kinds {
	return config.Kinds{
		Probes:   probes.Kinds(),
		Gateways: []notifier.GatewayKind{twilio.Kind(), alimtalk.Kind(), slack.Kind()},
		Presets:  probes.Presets(),
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
	}
}

// loadConfig reads the configuration. A missing file says what to do.
func loadConfig(path string, env lookup) (*config.Config, error) {
	c, err := config.Load(path, readOptions(env))
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%w; `bongsu init` writes one, `-c FILE` names another", err)
	}
	return c, err
}
