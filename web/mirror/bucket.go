package mirror

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"strconv"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"bongsu/web"
)

// bucket is a copy in a store that speaks S3.
type bucket struct {
	client *minio.Client
	name   string
	prefix string
}

// amazon is where buckets are unless an endpoint says otherwise.
const amazon = "https://s3.amazonaws.com"

func newBucket(u *url.URL) (store, error) {
	query := u.Query()
	endpoint, err := url.Parse(cmp.Or(query.Get("endpoint"), amazon))
	prefix := query.Get("prefix")
	switch {
	case u.Host == "" || (u.Path != "" && u.Path != "/") || (prefix != "" && !inside(strings.TrimSuffix(prefix, "/"))):
		return nil, ErrPlace
	case err != nil || (endpoint.Scheme != "https" && endpoint.Scheme != "http") || endpoint.Host == "" || strings.Trim(endpoint.Path, "/") != "" || endpoint.User != nil:
		return nil, fmt.Errorf("endpoint= is the address of a store alone, such as https://s3.store.example: %w", ErrPlace)
	}
	if err := onlyKeys(u, "region", "endpoint", "prefix", "path_style"); err != nil {
		return nil, err
	}
	style := minio.BucketLookupAuto
	if pathStyle, err := strconv.ParseBool(cmp.Or(query.Get("path_style"), "false")); err != nil {
		return nil, fmt.Errorf("path_style= is true or false: %w", ErrPlace)
	} else if pathStyle {
		style = minio.BucketLookupPath
	}
	client, err := minio.New(endpoint.Host, &minio.Options{
		Creds:  credentials.NewChainCredentials([]credentials.Provider{&credentials.EnvAWS{}, &credentials.FileAWSCredentials{}}),
		Secure: endpoint.Scheme == "https", Region: query.Get("region"), BucketLookup: style,
	})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", err, ErrPlace)
	}
	client.SetAppInfo("bongsu", "1")
	return &bucket{client: client, name: u.Host, prefix: prefix}, nil
}

func (b *bucket) write(ctx context.Context, path string, f web.CopyFile) error {
	_, err := b.client.PutObject(ctx, b.name, b.prefix+path, bytes.NewReader(f.Body), int64(len(f.Body)), minio.PutObjectOptions{
		ContentType: f.Type, CacheControl: f.CacheControl, SendContentMd5: true, DisableMultipart: true, DisableContentSha256: true,
	})
	return err
}

func (b *bucket) read(ctx context.Context, path string) ([]byte, error) {
	object, err := b.client.GetObject(ctx, b.name, b.prefix+path, minio.GetObjectOptions{})
	if err != nil {
		return nil, err
	}
	defer object.Close()
	body, err := io.ReadAll(io.LimitReader(object, MaxFile+1))
	if minio.ToErrorResponse(err).Code == minio.NoSuchKey {
		return nil, fs.ErrNotExist
	}
	if err == nil && len(body) > MaxFile {
		err = errors.New("the file is too long")
	}
	return body, err
}

func (b *bucket) remove(ctx context.Context, path string) error {
	return b.client.RemoveObject(ctx, b.name, b.prefix+path, minio.RemoveObjectOptions{})
}
