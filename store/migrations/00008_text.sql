-- +goose Up

ALTER TABLE notice_text ADD COLUMN html TEXT NOT NULL DEFAULT ''; -- a mail's body once more

-- +goose Down

ALTER TABLE notice_text DROP COLUMN html;
