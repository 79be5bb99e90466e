-- +goose Up

-- What other people's monitoring holds against components, until its time has
-- passed; what was taken back stays that long, so that an old message does not
-- raise it again.
CREATE TABLE suspicion (
  component TEXT NOT NULL,
  source    TEXT NOT NULL,                 -- an entry of incoming:
  name      TEXT NOT NULL,                 -- what the source calls it
  state     TEXT NOT NULL,
  summary   TEXT NOT NULL,
  since     BIGINT NOT NULL,
  until     BIGINT NOT NULL,
  ended     BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (component, source, name)
){{wr}};

-- Requests that may be carried out once, by what marks them: one that comes
-- again is known.
CREATE TABLE request_seen (
  id TEXT PRIMARY KEY,
  at BIGINT NOT NULL
){{wr}};
CREATE INDEX request_seen_at ON request_seen (at);

-- Answers to every kind of request with an Idempotency-Key. A notice of an app
-- puts its own here in the transaction that keeps the notice; others are begun
-- before the deed and completed after it.
ALTER TABLE app_answer RENAME TO answer;
ALTER TABLE answer ADD COLUMN code SMALLINT NOT NULL DEFAULT 202; -- 0: the deed was begun, and nothing more is known
ALTER TABLE answer ADD COLUMN location TEXT NOT NULL DEFAULT '';
ALTER TABLE answer ADD COLUMN etag TEXT NOT NULL DEFAULT '';
ALTER TABLE answer ADD COLUMN cipher {{blob}};                    -- the body, sealed: it may hold what is shown once

-- +goose Down
ALTER TABLE answer DROP COLUMN cipher;
ALTER TABLE answer DROP COLUMN etag;
ALTER TABLE answer DROP COLUMN location;
ALTER TABLE answer DROP COLUMN code;
ALTER TABLE answer RENAME TO app_answer;
DROP TABLE request_seen;
DROP TABLE suspicion;
