-- +goose Up

ALTER TABLE notice_text ADD COLUMN parts SMALLINT NOT NULL DEFAULT 0; -- pieces in GSM-7 or UCS-2; 0: as segments

-- +goose Down

ALTER TABLE notice_text DROP COLUMN parts;
