package door

import "strings"

// browser says in a few words what a User-Agent header claims: enough for people
// to tell their own sessions apart, too little to follow anybody by.
func browser(header string) string {
	if len(header) > 1000 {
		header = header[:1000]
	}
	first := func(of [][2]string) string {
		for _, sign := range of {
			if strings.Contains(header, sign[0]) {
				return sign[1]
			}
		}
		return ""
	}
	name := first([][2]string{
		{"SamsungBrowser/", "Samsung Internet"},
		{"Whale/", "Whale"},
		{"Edg", "Edge"},
		{"OPR/", "Opera"},
		{"Firefox/", "Firefox"},
		{"FxiOS/", "Firefox"},
		{"CriOS/", "Chrome"},
		{"Chrome/", "Chrome"},
		{"Safari/", "Safari"},
		{"curl/", "curl"},
	})
	system := first([][2]string{
		{"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Windows", "Windows"}, {"Mac OS X", "macOS"}, {"Linux", "Linux"},
	})
	switch {
	case name == "" && system == "":
		return "?"
	case name == "" || system == "":
		return name + system
	}
	return name + ", " + system
}
