package store

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations/*.sql
var migrations embed.FS

// migrate applies the migrations that are missing. Several processes may start at
// once: a lock lets one work while the others wait.
func (s *Store) migrate(ctx context.Context) error {
	if s.dialect == sqlite {
		turn, err := awaitFile(ctx, s.file+".migrate")
		if err != nil {
			return err
		}
		defer turn.Close()
	}
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return fmt.Errorf("reading the migrations: %w", err)
	}
	options := []goose.ProviderOption{goose.WithDisableGlobalRegistry(true)}
	kind := goose.DialectSQLite3
	if s.dialect == postgres {
		kind = goose.DialectPostgres
		locker, err := lock.NewPostgresSessionLocker()
		if err != nil {
			return fmt.Errorf("preparing the migrations' lock: %w", err)
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	provider, err := goose.NewProvider(kind, s.write, tokenFS{files, s.tokens}, options...)
	if err != nil {
		return fmt.Errorf("reading the migrations: %w", err)
	}
	have, err := provider.GetDBVersion(ctx)
	if err != nil {
		return fmt.Errorf("reading the database's version: %w", err)
	}
	sources := provider.ListSources()
	if newest := sources[len(sources)-1].Version; have > newest {
		return fmt.Errorf("%w: the database is at version %d, this program knows %d; run the newer bongsu, or restore the backup made before the upgrade", ErrNewerSchema, have, newest)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("bringing the database up to date: %w", err)
	}
	return nil
}

// ErrNewerSchema says that a newer program has written the database.
var ErrNewerSchema = errors.New("the database is newer than this program")

// tokenFS replaces the dialect's tokens in every file it opens, so that one
// set of migrations serves both databases.
type tokenFS struct {
	fs.FS
	tokens *strings.Replacer
}

func (t tokenFS) Open(name string) (fs.File, error) {
	f, err := t.FS.Open(name)
	if err != nil || !strings.HasSuffix(name, ".sql") {
		return f, err
	}
	defer f.Close()
	text, err := fs.ReadFile(t.FS, name)
	if err != nil {
		return nil, err
	}
	return &tokenFile{name: name, Reader: strings.NewReader(t.tokens.Replace(string(text)))}, nil
}

// tokenFile is a file whose text is in memory.
type tokenFile struct {
	name string
	*strings.Reader
}

func (f *tokenFile) Stat() (fs.FileInfo, error) { return f, nil }
func (f *tokenFile) Close() error               { return nil }
func (f *tokenFile) Name() string               { return f.name }
func (f *tokenFile) Mode() fs.FileMode          { return 0o444 }
func (f *tokenFile) ModTime() time.Time         { return time.Time{} }
func (f *tokenFile) IsDir() bool                { return false }
func (f *tokenFile) Sys() any                   { return nil }
