-- +goose Up

ALTER TABLE notice ADD COLUMN about TEXT NOT NULL DEFAULT '';         -- ids of components and group/ID of their groups; empty: it concerns everybody

ALTER TABLE subscriber ADD COLUMN topics TEXT NOT NULL DEFAULT '';    -- the same: what they want to hear of; empty: everything
ALTER TABLE subscriber ADD COLUMN quiet TEXT NOT NULL DEFAULT '';     -- 22:00-07:00 Asia/Seoul; empty: no quiet hours
ALTER TABLE subscriber ADD COLUMN ways TEXT NOT NULL DEFAULT '';      -- kinds of address in the order they chose; empty: the plan's

-- What caps count, for each kind of address by itself.
ALTER TABLE access_spent ADD COLUMN kind TEXT NOT NULL DEFAULT 'sms';
ALTER TABLE access_spent ADD COLUMN area TEXT NOT NULL DEFAULT '';    -- a keyed hash of a number's country, a mailbox's domain, an address's host
CREATE INDEX access_spent_area ON access_spent (area, at);
CREATE INDEX access_spent_kind ON access_spent (kind, at);

ALTER TABLE access_code ADD COLUMN kinds TEXT NOT NULL DEFAULT 'sms'; -- of the addresses that it proves
ALTER TABLE access_code ADD COLUMN topics TEXT NOT NULL DEFAULT '';
ALTER TABLE access_code ADD COLUMN adds BIGINT NOT NULL DEFAULT 0;    -- 1: the address is one more of a subscriber who is there, and changes nothing else
DROP INDEX access_code_live;
CREATE UNIQUE INDEX access_code_live ON access_code (number, kinds, purpose) WHERE ended = 0;

CREATE INDEX address_hint ON address (hint);

-- Whose address was forgotten because they left, so that an old list does not
-- bring them back. No address is here, only a keyed hash of it. Who gives their
-- consent later comes back.
CREATE TABLE address_left (
  mark TEXT PRIMARY KEY,
  at   BIGINT NOT NULL
){{wr}};

-- +goose Down

DROP TABLE address_left;
DROP INDEX address_hint;
DROP INDEX access_code_live;
CREATE UNIQUE INDEX access_code_live ON access_code (number, purpose) WHERE ended = 0;
ALTER TABLE access_code DROP COLUMN adds;
ALTER TABLE access_code DROP COLUMN topics;
ALTER TABLE access_code DROP COLUMN kinds;
DROP INDEX access_spent_kind;
DROP INDEX access_spent_area;
ALTER TABLE access_spent DROP COLUMN area;
ALTER TABLE access_spent DROP COLUMN kind;
ALTER TABLE subscriber DROP COLUMN ways;
ALTER TABLE subscriber DROP COLUMN quiet;
ALTER TABLE subscriber DROP COLUMN topics;
ALTER TABLE notice DROP COLUMN about;
