-- +goose Up

-- A digest of what was asked, for commands that came to the server directly; it
-- tells a button that was pressed twice from another text in the same form.
ALTER TABLE command ADD COLUMN asked TEXT NOT NULL DEFAULT '';

-- Who has said that an incident is theirs. Nobody is told.
CREATE TABLE incident_hold (
  incident TEXT PRIMARY KEY,
  who      TEXT NOT NULL,                 -- an account's id
  name     TEXT NOT NULL,                 -- as it was called then
  since    BIGINT NOT NULL
){{wr}};

-- Texts that operators keep ready.
CREATE TABLE kept_text (
  id      TEXT PRIMARY KEY,
  name    TEXT NOT NULL,
  body    TEXT NOT NULL,                  -- a JSON object: a text by language
  author  TEXT NOT NULL,
  at      BIGINT NOT NULL,
  version BIGINT NOT NULL                 -- rises with every change
){{wr}};

-- How many subscribers are alike in what decides whether and how they are told.
-- Counting takes seconds with a million of them, so it is done beside the rest.
CREATE TABLE crowd (
  number   BIGINT PRIMARY KEY,
  plan     TEXT NOT NULL,
  lang     TEXT NOT NULL,
  at_least SMALLINT NOT NULL,
  topics   TEXT NOT NULL,
  quiet    TEXT NOT NULL,
  ways     TEXT NOT NULL,
  kinds    TEXT NOT NULL,                 -- of address that may be used
  people   BIGINT NOT NULL
){{wr}};

-- Usable addresses, to be counted without reading the rows.
CREATE INDEX address_usable ON address (subscriber, kind) WHERE confirmed > 0 AND suppressed = '';

-- +goose Down

DROP INDEX address_usable;
DELETE FROM setting WHERE name = 'crowds';
DROP TABLE crowd;
DROP TABLE kept_text;
DROP TABLE incident_hold;
DELETE FROM command WHERE kind = 'direct';
ALTER TABLE command DROP COLUMN asked;
