package config

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Load reads a configuration: a file, or every *.yaml and *.yml of a folder in
// name order. Lists of the files are put one after another and plans together;
// everything else may be set in one file only. An error is of type [Problems]
// if the files could be read.
func Load(path string, o Options) (*Config, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, withoutPath(err))
	}
	if !info.IsDir() {
		o.Dir = orDir(o.Dir, filepath.Dir(path))
		data, err := readBounded(path, path, maxFile)
		if err != nil {
			return nil, err
		}
		return Parse(path, data, o)
	}
	o.Dir = orDir(o.Dir, path)
	return loadFolder(path, o)
}

func orDir(dir, other string) string {
	if dir == "" {
		return other
	}
	return dir
}

func loadFolder(folder string, o Options) (*Config, error) {
	files, err := yamlFiles(folder)
	if err != nil {
		return nil, err
	}
	r := newReader(o)
	merged := &node{form: table, place: place{file: files[0], line: 1, column: 1}}
	total := 0
	var sources []writing
	for _, file := range files {
		data, err := readBounded(file, file, maxFile)
		if err != nil {
			return nil, err
		}
		if total += len(data); total > maxAll {
			return nil, fmt.Errorf("reading %s: its files have more than %d bytes", folder, maxAll)
		}
		sources = append(sources, packSource(file, data))
		if root := r.parse(file, data); root.form != broken {
			r.merge(merged, root)
		} else {
			merged.form = broken // the rest can only be guessed at without it
		}
	}
	config, err := r.build(merged)
	if err != nil {
		return nil, err
	}
	config.sources = sources
	return config, nil
}

func yamlFiles(folder string) ([]string, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", folder, withoutPath(err))
	}
	var files []string
	for _, e := range entries {
		ext := strings.ToLower(filepath.Ext(e.Name()))
		if !e.IsDir() && (ext == ".yaml" || ext == ".yml") && !strings.HasPrefix(e.Name(), ".") {
			files = append(files, filepath.Join(folder, e.Name()))
		}
	}
	slices.Sort(files)
	switch {
	case len(files) == 0:
		return nil, fmt.Errorf("reading %s: no *.yaml in it", folder)
	case len(files) > maxFiles:
		return nil, fmt.Errorf("reading %s: more than %d files", folder, maxFiles)
	}
	return files, nil
}

// merge adds the keys of one file to those of the files before it.
func (r *reader) merge(into, from *node) {
	if from.form != table {
		r.complain(from.place, "is %s; write keys with values", from.form)
		return
	}
	for _, e := range from.entries {
		before := into.get(e.key)
		switch {
		case before == nil:
			into.entries = append(into.entries, e)
		case before.form == list && e.value.form == list:
			before.items = append(before.items, e.value.items...)
		case e.key == "plans" && before.form == table && e.value.form == table:
			r.merge(before, e.value)
		default:
			r.complain(e.at, "set in two files, first at %s:%d:%d; keep one", before.file, before.line, before.column)
		}
	}
}
