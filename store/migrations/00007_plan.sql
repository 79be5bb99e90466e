-- +goose Up

ALTER TABLE maintenance ADD COLUMN planned TEXT NOT NULL DEFAULT ''; -- what the configuration planned, in one line; empty: it does not

-- +goose Down

ALTER TABLE maintenance DROP COLUMN planned;
