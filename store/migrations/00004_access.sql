-- +goose Up

-- A notice for one person alone: a code, a welcome. It may use an address that
-- is not confirmed yet; no other notice may.
ALTER TABLE notice ADD COLUMN recipient BIGINT NOT NULL DEFAULT 0; -- a subscriber; 0: the whole audience

INSERT INTO counter (name, value) VALUES ('access', 0);

-- What sign-up and leaving have spent of their caps: one row for each code that
-- was asked for within them. Numbers and networks are keyed hashes.
CREATE TABLE access_spent (
  id      BIGINT PRIMARY KEY,
  purpose SMALLINT NOT NULL,            -- 0 join, 1 leave: neither uses up what is there for the other
  number  TEXT NOT NULL,
  network TEXT NOT NULL,
  sent    SMALLINT NOT NULL,            -- 0: nobody had the number, so nothing left
  at      BIGINT NOT NULL
);
CREATE INDEX access_spent_number ON access_spent (number, at);
CREATE INDEX access_spent_network ON access_spent (network, at);
CREATE INDEX access_spent_at ON access_spent (at);

-- A code that is on its way to a phone, or was. A row goes when its code has
-- died, and with it the words of the notice that carried it.
CREATE TABLE access_code (
  id         TEXT PRIMARY KEY,          -- the ticket that goes with the code, and the id of its notice
  purpose    SMALLINT NOT NULL,         -- 0 join, 1 leave
  number     TEXT NOT NULL,             -- the number's look-up hash
  proof      TEXT NOT NULL,             -- a keyed hash of the code
  subscriber BIGINT NOT NULL,
  lang       TEXT NOT NULL,             -- what they chose, kept once they prove the number theirs
  at_least   SMALLINT NOT NULL,
  made       BIGINT NOT NULL,
  expires    BIGINT NOT NULL,
  tries      SMALLINT NOT NULL DEFAULT 0,
  ended      BIGINT NOT NULL DEFAULT 0  -- when it was used, or a newer one took its place
);
CREATE UNIQUE INDEX access_code_live ON access_code (number, purpose) WHERE ended = 0;
CREATE INDEX access_code_expires ON access_code (expires);

-- Texts that made somebody leave, so that the same one repeated does nothing.
CREATE TABLE access_stop (
  ref TEXT PRIMARY KEY,                 -- the gateway's id of the text
  at  BIGINT NOT NULL
){{wr}};

CREATE INDEX address_unconfirmed ON address (consented) WHERE confirmed = 0;

-- What machines may call the API with. The token itself is not here.
CREATE TABLE token (
  id        TEXT PRIMARY KEY,
  hash      TEXT NOT NULL UNIQUE,       -- SHA-256 of the token's 32 random bytes
  role      TEXT NOT NULL,
  note      TEXT NOT NULL,
  made      BIGINT NOT NULL,
  expires   BIGINT NOT NULL,            -- 0: never
  last_used BIGINT NOT NULL DEFAULT 0
);

-- +goose Down
DROP TABLE token;
DROP INDEX address_unconfirmed;
DROP TABLE access_stop;
DROP TABLE access_code;
DROP TABLE access_spent;
DELETE FROM counter WHERE name = 'access';
ALTER TABLE notice DROP COLUMN recipient;
