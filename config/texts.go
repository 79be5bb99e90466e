package config

// texts is what texts to people may say beyond what they must.
type texts struct {
	Substitutes bool `yaml:"substitutes" doc:"Name what people can use instead in texts too, while it is measured to work. The page always does."`
}

// Texts is what texts to people may say.
type Texts struct {
	Substitutes bool // what can be used instead
}
