-- +goose Up

-- What people are told by SMS when a failed messenger was passed over for them.
ALTER TABLE notice_text ADD COLUMN switched TEXT NOT NULL DEFAULT '';

-- The app whose token it is; empty for all others.
ALTER TABLE token ADD COLUMN app TEXT NOT NULL DEFAULT '';

-- People whom an app has brought: no subscribers of outage notices. They have
-- no plan, and their addresses' look-up hashes are the app's own.
ALTER TABLE subscriber ADD COLUMN app TEXT NOT NULL DEFAULT ''; -- empty: they came by themselves
ALTER TABLE subscriber ADD COLUMN ref TEXT NOT NULL DEFAULT ''; -- what the app calls them
CREATE UNIQUE INDEX subscriber_ref ON subscriber (app, ref) WHERE ref <> '';

INSERT INTO counter (name, value) VALUES ('app_list', 0);

-- What apps may say. A change is a new version.
CREATE TABLE app_template (
  app         TEXT NOT NULL,
  id          TEXT NOT NULL,
  version     BIGINT NOT NULL,
  state       TEXT NOT NULL,              -- proposed, approved or refused
  texts       TEXT NOT NULL,              -- a JSON object, by language and class
  params      TEXT NOT NULL,              -- a JSON object
  proposed_by TEXT NOT NULL,
  proposed    BIGINT NOT NULL,
  decided_by  TEXT NOT NULL DEFAULT '',
  decided     BIGINT NOT NULL DEFAULT 0,
  reason      TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (app, id, version)
);

-- Recipients that an app has handed in together.
CREATE TABLE app_list (
  id         BIGINT PRIMARY KEY,
  name       TEXT NOT NULL UNIQUE,        -- what the app calls it by
  app        TEXT NOT NULL,
  made       BIGINT NOT NULL,
  state      SMALLINT NOT NULL DEFAULT 0, -- 0 being filled, 1 whole
  rows_read  BIGINT NOT NULL DEFAULT 0,
  people     BIGINT NOT NULL DEFAULT 0,
  faults     BIGINT NOT NULL DEFAULT 0,
  keep_until BIGINT NOT NULL              -- then it goes, and with it whom no other list names
);
CREATE INDEX app_list_keep ON app_list (keep_until);

CREATE TABLE app_list_person (
  list   BIGINT NOT NULL,
  person BIGINT NOT NULL,                 -- a subscriber
  PRIMARY KEY (list, person)
){{wr}};
CREATE INDEX app_list_person_person ON app_list_person (person);

-- Rows of a list that could not be taken.
CREATE TABLE app_list_fault (
  list BIGINT NOT NULL,
  line BIGINT NOT NULL,
  why  TEXT NOT NULL,
  PRIMARY KEY (list, line)
){{wr}};

-- What beside the notice itself is known of a notice of an app.
CREATE TABLE app_notice (
  id       TEXT PRIMARY KEY,              -- the notice's
  app      TEXT NOT NULL,
  template TEXT NOT NULL,
  version  BIGINT NOT NULL,
  list     BIGINT NOT NULL,               -- 0: subscribers
  code     TEXT NOT NULL UNIQUE,          -- check code
  made     BIGINT NOT NULL,
  people   BIGINT NOT NULL,
  milli    BIGINT NOT NULL,               -- what it may cost at most, in thousandths
  currency TEXT NOT NULL,
  ended    BIGINT NOT NULL DEFAULT 0,
  callback TEXT NOT NULL,                 -- where the app is called; empty: nowhere
  calls    SMALLINT NOT NULL DEFAULT 0,   -- tries of the present call
  call_at  BIGINT NOT NULL DEFAULT 0,     -- when to call next; 0: never again
  call_id  BIGINT NOT NULL DEFAULT 0,     -- number of the present call
  said     TEXT NOT NULL DEFAULT ''       -- what the last call told
);
CREATE INDEX app_notice_app ON app_notice (app, id);
CREATE INDEX app_notice_call ON app_notice (call_at) WHERE call_at > 0;

-- Answers to requests with an Idempotency-Key, kept for a day.
CREATE TABLE app_answer (
  token  TEXT NOT NULL,
  id     TEXT NOT NULL,                   -- the key
  hash   TEXT NOT NULL,                   -- of what was asked
  answer TEXT NOT NULL,
  made   BIGINT NOT NULL,
  PRIMARY KEY (token, id)
){{wr}};
CREATE INDEX app_answer_made ON app_answer (made);

-- How many recipients an app's notices had on a day.
CREATE TABLE app_day (
  app    TEXT NOT NULL,
  day    TEXT NOT NULL,
  people BIGINT NOT NULL,
  PRIMARY KEY (app, day)
){{wr}};

-- +goose Down
DROP TABLE app_day;
DROP TABLE app_answer;
DROP TABLE app_notice;
DROP TABLE app_list_fault;
DROP TABLE app_list_person;
DROP TABLE app_list;
DROP TABLE app_template;
DELETE FROM counter WHERE name = 'app_list';
DROP INDEX subscriber_ref;
ALTER TABLE subscriber DROP COLUMN ref;
ALTER TABLE subscriber DROP COLUMN app;
ALTER TABLE token DROP COLUMN app;
ALTER TABLE notice_text DROP COLUMN switched;
