-- +goose Up

-- Planned work that comes again, reminds people and is prolonged. Spans of time are in nanoseconds.
ALTER TABLE maintenance ADD COLUMN routine  TEXT NOT NULL DEFAULT '';   -- that it is of
ALTER TABLE maintenance ADD COLUMN remind   TEXT NOT NULL DEFAULT '[]'; -- JSON: how long before it begins
ALTER TABLE maintenance ADD COLUMN reminded BIGINT NOT NULL DEFAULT 0;
ALTER TABLE maintenance ADD COLUMN step     BIGINT NOT NULL DEFAULT 0;
ALTER TABLE maintenance ADD COLUMN most     BIGINT NOT NULL DEFAULT 0;
ALTER TABLE maintenance ADD COLUMN meant    BIGINT NOT NULL DEFAULT 0;  -- when it was to end before it was prolonged
ALTER TABLE maintenance ADD COLUMN done     BIGINT NOT NULL DEFAULT 0;

CREATE TABLE routine (
  id         TEXT PRIMARY KEY,
  title      TEXT NOT NULL,                -- JSON: language to text
  body       TEXT NOT NULL,                -- JSON: language to text
  components TEXT NOT NULL,                -- JSON: ids
  rule       TEXT NOT NULL,                -- of RFC 5545
  begins     BIGINT NOT NULL,
  zone       TEXT NOT NULL,
  lasts      BIGINT NOT NULL,
  remind     TEXT NOT NULL,
  step       BIGINT NOT NULL,
  most       BIGINT NOT NULL,
  ended      BIGINT NOT NULL,              -- 0: it has not
  planned    TEXT NOT NULL
);

-- +goose Down

DROP TABLE routine;
ALTER TABLE maintenance DROP COLUMN done;
ALTER TABLE maintenance DROP COLUMN meant;
ALTER TABLE maintenance DROP COLUMN most;
ALTER TABLE maintenance DROP COLUMN step;
ALTER TABLE maintenance DROP COLUMN reminded;
ALTER TABLE maintenance DROP COLUMN remind;
ALTER TABLE maintenance DROP COLUMN routine;
