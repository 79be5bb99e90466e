-- +goose Up

ALTER TABLE notice ADD COLUMN held BIGINT NOT NULL DEFAULT 0; -- since when an operator keeps it back; 0: it goes
CREATE INDEX notice_made ON notice (made, id);

CREATE INDEX address_suppressed ON address (subscriber) WHERE suppressed <> '';

-- Notices for those whom an earlier one has failed to reach.
CREATE TABLE resend (
  id     TEXT PRIMARY KEY,                -- the new notice's
  origin BIGINT NOT NULL,                 -- the earlier one's number
  turn   BIGINT NOT NULL,                 -- 1 for the first of it, 2 for the next
  people BIGINT NOT NULL,
  UNIQUE (origin, turn)
);

-- Whom they are for. It goes with what the earlier notice was sent to whom.
CREATE TABLE resend_person (
  origin BIGINT NOT NULL,
  turn   BIGINT NOT NULL,
  person BIGINT NOT NULL,
  again  SMALLINT NOT NULL,               -- 1: a hand-over of the earlier notice may have arrived
  PRIMARY KEY (origin, turn, person)
){{wr}};

-- Drills that were run from the console, with their scorecards.
CREATE TABLE drill_run (
  id       TEXT PRIMARY KEY,
  scenario TEXT NOT NULL,
  ours     SMALLINT NOT NULL,             -- 1: with the installation's configuration
  made_by  TEXT NOT NULL,
  began    BIGINT NOT NULL,
  ended    BIGINT NOT NULL DEFAULT 0,
  state    TEXT NOT NULL,                 -- running, passed, broken, failed, cancelled
  kept     BIGINT NOT NULL DEFAULT 0,     -- expectations that held
  broken   BIGINT NOT NULL DEFAULT 0,
  error    TEXT NOT NULL DEFAULT '',
  html     {{blob}},                      -- gzip, as the others
  json     {{blob}},
  svg      {{blob}}
);

-- Lists that were taken in through the console, or tried.
CREATE TABLE import_run (
  id      TEXT PRIMARY KEY,
  name    TEXT NOT NULL,                  -- of the file
  made_by TEXT NOT NULL,
  began   BIGINT NOT NULL,
  ended   BIGINT NOT NULL,
  dry     SMALLINT NOT NULL,
  added   BIGINT NOT NULL,
  there   BIGINT NOT NULL,
  refused BIGINT NOT NULL,
  warned  BIGINT NOT NULL,
  error   TEXT NOT NULL,                  -- why it ended before its end; empty: it did not
  report  {{blob}} NOT NULL               -- gzip of a line for each that was not taken
);

-- +goose Down

DROP TABLE import_run;
DROP TABLE drill_run;
DROP TABLE resend_person;
DROP TABLE resend;
DROP INDEX address_suppressed;
DROP INDEX notice_made;
ALTER TABLE notice DROP COLUMN held;
