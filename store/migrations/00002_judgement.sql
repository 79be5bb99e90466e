-- +goose Up

-- The latest word of a location on a check, and the streak that led to it.
CREATE TABLE standing (
  checked  TEXT NOT NULL,                  -- the check's id; CHECK is a word of SQL
  location TEXT NOT NULL,
  outcome  TEXT NOT NULL,
  at       BIGINT NOT NULL,
  took_us  BIGINT NOT NULL,                -- microseconds
  reason   TEXT NOT NULL,
  level    SMALLINT NOT NULL,              -- 0 unknown, 1 ok, 2 slow, 3 failing
  recent   TEXT NOT NULL,
  said     BIGINT NOT NULL,
  turned   BIGINT NOT NULL,
  PRIMARY KEY (checked, location)
){{wr}};

-- A component's state now.
CREATE TABLE condition (
  component   TEXT PRIMARY KEY,
  state       TEXT NOT NULL,
  derived     BOOLEAN NOT NULL,
  affected_by TEXT NOT NULL,
  since       BIGINT NOT NULL,
  why         TEXT NOT NULL,               -- JSON: the findings against it
  measured    BIGINT NOT NULL,
  version     BIGINT NOT NULL
);

-- The states a component has been in, for ever.
CREATE TABLE state_interval (
  component TEXT NOT NULL,
  since     BIGINT NOT NULL,
  until     BIGINT NOT NULL,
  state     TEXT NOT NULL,
  PRIMARY KEY (component, since)
){{wr}};
CREATE INDEX state_interval_until ON state_interval (until);

CREATE TABLE incident (
  id          TEXT PRIMARY KEY,
  code        TEXT NOT NULL,
  cause       TEXT NOT NULL,
  title       TEXT NOT NULL,               -- JSON: language to text
  stage       TEXT NOT NULL,
  impact      TEXT NOT NULL,
  worst       TEXT NOT NULL,
  told        TEXT NOT NULL,
  began       BIGINT NOT NULL,
  detected    BIGINT NOT NULL,
  announced   BIGINT NOT NULL,
  watching    BIGINT NOT NULL,
  resolved    BIGINT NOT NULL,
  next_word   BIGINT NOT NULL,             -- the promise
  merged_into TEXT NOT NULL,
  version     BIGINT NOT NULL
);
CREATE INDEX incident_resolved ON incident (resolved);

CREATE TABLE incident_component (
  incident  TEXT NOT NULL REFERENCES incident (id),
  pos       INTEGER NOT NULL,
  component TEXT NOT NULL,
  state     TEXT NOT NULL,
  worst     TEXT NOT NULL,
  derived   BOOLEAN NOT NULL,
  cause     BOOLEAN NOT NULL,
  since     BIGINT NOT NULL,
  until     BIGINT NOT NULL,
  PRIMARY KEY (incident, pos)
){{wr}};

-- What was said and when. Rows are added, never changed.
CREATE TABLE incident_update (
  incident   TEXT NOT NULL REFERENCES incident (id),
  id         TEXT NOT NULL,
  pos        INTEGER NOT NULL,
  at         BIGINT NOT NULL,
  kind       TEXT NOT NULL,
  stage      TEXT NOT NULL,
  cause      TEXT NOT NULL,
  components TEXT NOT NULL,                -- JSON: as they were
  next_word  BIGINT NOT NULL,
  body       TEXT NOT NULL,                -- JSON: language to text
  author     TEXT NOT NULL,
  PRIMARY KEY (incident, id)
){{wr}};

CREATE TABLE maintenance (
  id         TEXT PRIMARY KEY,
  title      TEXT NOT NULL,                -- JSON: language to text
  body       TEXT NOT NULL,                -- JSON: language to text
  components TEXT NOT NULL,                -- JSON: ids
  starts     BIGINT NOT NULL,
  ends       BIGINT NOT NULL
);
CREATE INDEX maintenance_ends ON maintenance (ends);

-- Requests of operators at a shell, carried out by the server.
CREATE TABLE command (
  id      TEXT PRIMARY KEY,
  kind    TEXT NOT NULL,                   -- open, note, maintain
  body    TEXT NOT NULL,                   -- JSON
  at      BIGINT NOT NULL,
  done_at BIGINT NOT NULL DEFAULT 0,       -- 0: it waits
  made    TEXT NOT NULL DEFAULT '',
  error   TEXT NOT NULL DEFAULT ''
);
CREATE INDEX command_waiting ON command (at, id) WHERE done_at = 0;

-- +goose Down
DROP TABLE command;
DROP TABLE maintenance;
DROP TABLE incident_update;
DROP TABLE incident_component;
DROP TABLE incident;
DROP TABLE state_interval;
DROP TABLE condition;
DROP TABLE standing;
