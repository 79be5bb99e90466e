-- +goose Up
-- Where a token of an agent speaks for; empty for all others.
ALTER TABLE token ADD COLUMN location TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE token DROP COLUMN location;
