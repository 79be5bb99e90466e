package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"bongsu/config/imports"
	"bongsu/notifier/guard"
)

// read gets the files, of a folder those with the source's endings, or the
// answers of a page.
func (t *takeover) read(c *cobra.Command, args []string) ([]imports.Input, error) {
	if len(t.source.Pages) > 0 && strings.Contains(args[0], "://") {
		if len(args) > 1 {
			return nil, errors.New("one address at a time; write the others as imports of their own")
		}
		return t.fetch(c.Context(), args[0])
	}
	var files []imports.Input
	for _, arg := range args {
		info, err := os.Stat(arg)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", arg, withoutPath(err))
		}
		names := []string{arg}
		if info.IsDir() {
			if names, err = t.filesIn(arg); err != nil {
				return nil, err
			}
		}
		for _, name := range names {
			data, err := readAtMost(name, imports.MaxFile)
			if err != nil {
				return nil, err
			}
			files = append(files, imports.Input{Name: filepath.Base(name), Data: data})
		}
	}
	return files, nil
}

// filesIn are the source's files in a folder and those inside it, in order.
func (t *takeover) filesIn(dir string) ([]string, error) {
	var names []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		ext := strings.ToLower(strings.TrimPrefix(filepath.Ext(path), "."))
		if d.Type().IsRegular() && slices.Contains(strings.Fields(t.source.Exts), ext) {
			names = append(names, path)
		}
		if len(names) > imports.MaxFiles {
			return fmt.Errorf("it has more than %d files", imports.MaxFiles)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", dir, withoutPath(err))
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("reading %s: no file in it ends in %s", dir, strings.Join(strings.Fields(t.source.Exts), " or "))
	}
	return names, nil
}

func readAtMost(name string, most int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, withoutPath(err))
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, withoutPath(err))
	}
	if int64(len(data)) > most {
		return nil, fmt.Errorf("reading %s: more than %d bytes", name, most)
	}
	return data, nil
}

// withoutPath drops the path that os puts into its errors: it is named already.
func withoutPath(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}

// fetch gets a page's answers. The address is one that somebody gave: it has to
// be one that the whole Internet reaches, unless the operator says otherwise.
func (t *takeover) fetch(ctx context.Context, address string) ([]imports.Input, error) {
	address = strings.TrimRight(address, "/")
	options := guard.Options{MaxAnswer: imports.MaxFile, Timeout: 30 * time.Second}
	if t.private {
		options.Allow = func(netip.AddrPort) bool { return true }
	} else {
		if !strings.HasPrefix(address, "https://") {
			return nil, fmt.Errorf("%s: it is not https; write https://, or --allow-private for a page of your own network", address)
		}
		if _, err := guard.Parse(address); err != nil {
			return nil, fmt.Errorf("%s: it %w; --allow-private lets it be a page of your own network", address, err)
		}
	}
	client := guard.NewClient(options)
	defer client.CloseIdleConnections()
	var files []imports.Input
	for _, page := range t.source.Pages {
		data, err := fetchOne(ctx, client, address+page)
		if err != nil {
			return nil, fmt.Errorf("fetching %s: %w", address+page, err)
		}
		files = append(files, imports.Input{Name: page, Data: data})
	}
	return files, nil
}

func fetchOne(ctx context.Context, client *http.Client, address string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", "bongsu/"+version)
	answer, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode >= 300 && answer.StatusCode < 400 {
		return nil, fmt.Errorf("it leads on to %s, and redirects are not followed; write that address", answer.Header.Get("Location"))
	}
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("it answers %s", answer.Status)
	}
	return io.ReadAll(answer.Body)
}
