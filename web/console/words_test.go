package console_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// Every text of the frame and its own pages is said somewhere: by a template, or by a string of
// the code that is the id or begins it.
func TestNoTextOfTheFrameIsUnused(t *testing.T) {
	var said []string
	for _, pattern := range []string{"templates/*.html", "*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range regexp.MustCompile(`"(\w+)"`).FindAllSubmatch(data, -1) {
				said = append(said, string(m[1]))
			}
		}
	}
	for _, page := range []string{"frame", "now", "components", "map"} {
		file := filepath.Join("locales", "ko", page+".yaml")
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		texts := map[string]any{}
		if err := yaml.Unmarshal(data, &texts); err != nil {
			t.Fatal(err)
		}
		for id := range texts {
			whole := strings.TrimSuffix(id, "_text")
			if !slices.ContainsFunc(said, func(s string) bool {
				return s == id || s == whole || strings.HasSuffix(s, "_") && strings.HasPrefix(id, s)
			}) {
				t.Errorf("%s: nobody says %q", file, id)
			}
		}
	}
}
