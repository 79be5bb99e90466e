-- +goose Up

-- How the recipients of a batch go out: 0 one by one, or not begun; 1 in one
-- request for each text; 2 one by one only.
ALTER TABLE batch ADD COLUMN manner SMALLINT NOT NULL DEFAULT 0;

-- +goose Down

ALTER TABLE batch DROP COLUMN manner;
