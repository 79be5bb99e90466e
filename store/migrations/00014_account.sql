-- +goose Up

-- Who can come in with a password.
CREATE TABLE account (
  id        TEXT PRIMARY KEY,
  name      TEXT NOT NULL UNIQUE,       -- in lower case
  role      TEXT NOT NULL,
  app       TEXT NOT NULL,              -- of an agency; else empty
  lang      TEXT NOT NULL,
  password  TEXT NOT NULL,              -- argon2id with its parameters; empty: none yet
  totp      {{blob}},                   -- the authenticator's secret, sealed; NULL: none
  totp_step BIGINT NOT NULL DEFAULT 0,  -- of the code that was used last
  made      BIGINT NOT NULL,
  changed   BIGINT NOT NULL,            -- the password
  last_in   BIGINT NOT NULL DEFAULT 0,
  disabled  BIGINT NOT NULL DEFAULT 0   -- since when; 0: not
);

CREATE TABLE account_recovery (
  account TEXT NOT NULL,
  hash    TEXT NOT NULL,
  PRIMARY KEY (account, hash)
){{wr}};

-- Browsers that an account has come in by: they speak for it when others guess.
CREATE TABLE account_device (
  account TEXT NOT NULL,
  hash    TEXT NOT NULL,                -- of the secret in the browser's cookie
  network TEXT NOT NULL,
  seen    BIGINT NOT NULL,
  PRIMARY KEY (account, hash)
){{wr}};

-- What lets whoever has it do one thing once.
CREATE TABLE account_link (
  hash    TEXT PRIMARY KEY,
  purpose TEXT NOT NULL,
  account TEXT NOT NULL,                -- empty: there is none yet
  made    BIGINT NOT NULL,
  expires BIGINT NOT NULL
){{wr}};

-- How often a password or a code was tried. The key is a hash of who and where.
CREATE TABLE account_try (
  id   TEXT PRIMARY KEY,
  n    BIGINT NOT NULL,
  last BIGINT NOT NULL,
  gone BIGINT NOT NULL                  -- when it is forgotten
){{wr}};
CREATE INDEX account_try_gone ON account_try (gone);

CREATE TABLE session (
  hash     TEXT PRIMARY KEY,            -- of the secret in the browser's cookie
  account  TEXT NOT NULL,
  second   SMALLINT NOT NULL,           -- 1: a code is still asked for
  network  TEXT NOT NULL,
  browser  TEXT NOT NULL,
  made     BIGINT NOT NULL,
  seen     BIGINT NOT NULL,
  deadline BIGINT NOT NULL,
  expires  BIGINT NOT NULL,
  ended    BIGINT NOT NULL DEFAULT 0    -- 1: and it does not come back by a request that was under way
){{wr}};
CREATE INDEX session_account ON session (account);
CREATE INDEX session_expires ON session (expires);

INSERT INTO counter (name, value) VALUES ('audit', 0);

-- Who did what, when. Each entry's hash is over the one before.
CREATE TABLE audit (
  id     BIGINT PRIMARY KEY,            -- 1, 2, 3 …
  at     BIGINT NOT NULL,
  who    TEXT NOT NULL,                 -- an account's or a token's id
  name   TEXT NOT NULL,
  role   TEXT NOT NULL,
  app    TEXT NOT NULL,
  deed   TEXT NOT NULL,
  about  TEXT NOT NULL,
  detail TEXT NOT NULL,
  hash   TEXT NOT NULL
);
CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_who ON audit (who, id);
CREATE INDEX audit_about ON audit (about, id);

-- What a token is good for of what its role may: deeds, with spaces between.
-- Empty: all of it.
ALTER TABLE token ADD COLUMN scope TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE token DROP COLUMN scope;
DROP TABLE audit;
DELETE FROM counter WHERE name = 'audit';
DROP TABLE session;
DROP TABLE account_try;
DROP TABLE account_link;
DROP TABLE account_device;
DROP TABLE account_recovery;
DROP TABLE account;
