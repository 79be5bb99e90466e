-- +goose Up

-- What gateways answer, and what becomes of what they took, by ten seconds of
-- hand-over: kept by each node for itself, the sum over nodes is the truth.
CREATE TABLE pulse (
  gateway   TEXT NOT NULL,
  slot      BIGINT NOT NULL,            -- when the ten seconds began
  node      TEXT NOT NULL,
  answered  BIGINT NOT NULL DEFAULT 0,  -- requests answered as by a gateway that works
  taken     BIGINT NOT NULL DEFAULT 0,  -- messages it took
  told      BIGINT NOT NULL DEFAULT 0,  -- of these: it said what became of them
  age       BIGINT NOT NULL DEFAULT 0,  -- milliseconds from taking to telling, summed
  faults    BIGINT NOT NULL DEFAULT 0,  -- errors of its own, time-outs included
  throttled BIGINT NOT NULL DEFAULT 0,  -- it asked for a pause
  PRIMARY KEY (gateway, slot, node)
){{wr}};
CREATE INDEX pulse_slot ON pulse (slot);

-- What is held of a gateway's health. All nodes go by the same row.
CREATE TABLE gateway_health (
  gateway  TEXT PRIMARY KEY,
  stage    SMALLINT NOT NULL,           -- 0 well, 1 dead, 2 and 3 returning
  since    BIGINT NOT NULL,
  lost     BIGINT NOT NULL,             -- what it took from then on, and has not told of, is not counted on
  relapses SMALLINT NOT NULL,
  why      TEXT NOT NULL,
  version  BIGINT NOT NULL
);

-- What a gateway has been given in a day, reserved before a window leaves.
CREATE TABLE gateway_day (
  gateway TEXT NOT NULL,
  day     TEXT NOT NULL,
  given   BIGINT NOT NULL,
  PRIMARY KEY (gateway, day)
){{wr}};

-- How many notices were planned for a person on a channel in a day, where the
-- channel has a cap per person.
CREATE TABLE person_day (
  channel TEXT NOT NULL,
  day     TEXT NOT NULL,
  rcpt    BIGINT NOT NULL,
  notices BIGINT NOT NULL,
  PRIMARY KEY (channel, day, rcpt)
){{wr}};

-- How long it took from the making of a notice until hand-over and until
-- delivery, in buckets.
CREATE TABLE spread (
  notice  BIGINT NOT NULL,
  channel TEXT NOT NULL,
  node    TEXT NOT NULL,
  what    SMALLINT NOT NULL,            -- 0 handed over, 1 delivered
  bucket  SMALLINT NOT NULL,
  people  BIGINT NOT NULL,
  PRIMARY KEY (notice, channel, node, what, bucket)
){{wr}};

ALTER TABLE tally ADD COLUMN rescued BIGINT NOT NULL DEFAULT 0; -- moved on because their gateway was judged dead
ALTER TABLE tally ADD COLUMN twice BIGINT NOT NULL DEFAULT 0;   -- delivered after all, when another way had been taken

-- +goose Down

ALTER TABLE tally DROP COLUMN twice;
ALTER TABLE tally DROP COLUMN rescued;
DROP TABLE spread;
DROP TABLE person_day;
DROP TABLE gateway_day;
DROP TABLE gateway_health;
DROP TABLE pulse;
