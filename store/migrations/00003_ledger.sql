-- +goose Up

-- Numbers that only rise: notices and subscribers.
CREATE TABLE counter (
  name  TEXT PRIMARY KEY,
  value BIGINT NOT NULL
);
INSERT INTO counter (name, value) VALUES ('notice', 0), ('subscriber', 0);

-- A server that sends. The id is its name and start, never used again; beat
-- rises with every renewal, and peers watch it move.
CREATE TABLE node (
  id     TEXT PRIMARY KEY,
  name   TEXT NOT NULL,
  beat   BIGINT NOT NULL,
  joined BIGINT NOT NULL,
  seen   BIGINT NOT NULL
);

CREATE TABLE notice (
  id           TEXT PRIMARY KEY,
  number       BIGINT NOT NULL DEFAULT 0,   -- given when planning begins; its batches are number * 2^24 + n
  incident     TEXT NOT NULL,
  event        TEXT NOT NULL,
  occasion     TEXT NOT NULL,               -- the update it tells of
  audience     TEXT NOT NULL,
  plan         TEXT NOT NULL,
  from_state   SMALLINT NOT NULL,
  to_state     SMALLINT NOT NULL,
  priority     SMALLINT NOT NULL,
  policy       SMALLINT NOT NULL,
  made         BIGINT NOT NULL,
  expires      BIGINT NOT NULL,             -- 0: never
  state        SMALLINT NOT NULL DEFAULT 0, -- 0 new, 1 planning, 2 planned
  recalled     BIGINT NOT NULL DEFAULT 0,   -- when a later notice made it untrue; 0: it holds
  audience_max BIGINT NOT NULL DEFAULT 0,   -- subscribers above this came later
  cursor_at    BIGINT NOT NULL DEFAULT 0,   -- planned up to this subscriber
  batches      BIGINT NOT NULL DEFAULT 0,
  total        BIGINT NOT NULL DEFAULT 0,   -- people planned
  UNIQUE (incident, event, occasion, audience, plan)
);
CREATE INDEX notice_unplanned ON notice (priority, made) WHERE state < 2;
CREATE UNIQUE INDEX notice_number ON notice (number) WHERE number > 0;

CREATE TABLE notice_text (
  notice   TEXT NOT NULL,
  lang     TEXT NOT NULL,
  class    TEXT NOT NULL,
  pos      SMALLINT NOT NULL,               -- the first language stands in for one that is missing
  title    TEXT NOT NULL,
  body     TEXT NOT NULL,
  template TEXT NOT NULL,
  params   TEXT NOT NULL,                   -- a JSON object
  segments SMALLINT NOT NULL,
  PRIMARY KEY (notice, lang, class)
){{wr}};

CREATE TABLE subscriber (
  id       BIGINT PRIMARY KEY,
  lang     TEXT NOT NULL,
  plan     TEXT NOT NULL,
  at_least SMALLINT NOT NULL,
  joined   BIGINT NOT NULL,
  gone     BIGINT NOT NULL DEFAULT 0        -- when they left; their addresses are deleted then
);

-- No address is here in clear: cipher opens with the keys file, lookup is a
-- keyed hash, hint is masked.
CREATE TABLE address (
  subscriber BIGINT NOT NULL,
  kind       TEXT NOT NULL,                 -- a channel's kind: sms, alimtalk, …
  cipher     {{blob}} NOT NULL,
  lookup     TEXT NOT NULL,
  hint       TEXT NOT NULL,
  source     TEXT NOT NULL,                 -- where consent was given
  consented  BIGINT NOT NULL,
  confirmed  BIGINT NOT NULL,               -- 0: not yet
  suppressed TEXT NOT NULL DEFAULT '',      -- why it must not be tried again
  PRIMARY KEY (subscriber, kind)
);
CREATE UNIQUE INDEX address_lookup ON address (lookup, kind);

-- A batch is what a node claims: some hundred recipients of one hop.
CREATE TABLE batch (
  id       BIGINT PRIMARY KEY,
  notice   BIGINT NOT NULL,                 -- the notice's number
  hop      SMALLINT NOT NULL,
  channel  TEXT NOT NULL,
  kind     TEXT NOT NULL,                   -- the channel's: the kind of address it needs
  route    SMALLINT NOT NULL DEFAULT 0,     -- the first of the channel's gateways it may go through
  gateway  TEXT NOT NULL DEFAULT '',        -- the one the last window was authorised for
  size     INTEGER NOT NULL,
  lo       BIGINT NOT NULL,
  hi       BIGINT NOT NULL,
  lane     SMALLINT NOT NULL,               -- 0: taken over; else the notice's priority and 1
  state    SMALLINT NOT NULL DEFAULT 0,     -- 0 ready, 1 leased, 2 done
  ready_at BIGINT NOT NULL DEFAULT 0,       -- not before
  auth     BIGINT NOT NULL DEFAULT -1,      -- recipients up to this one may have been sent to
  doubt    BIGINT NOT NULL DEFAULT -1,      -- auth at the last claim
  owner    TEXT NOT NULL DEFAULT '',
  fence    BIGINT NOT NULL DEFAULT 0,
  check_at BIGINT NOT NULL DEFAULT 0,       -- when to see who has not been reached; 0: never
  due      BIGINT NOT NULL DEFAULT 0,       -- when the hop's wait has passed
  skipped  TEXT NOT NULL DEFAULT ''         -- hops before it that were left out, and why
);
CREATE INDEX batch_ready ON batch (channel, lane, id) WHERE state = 0;
CREATE INDEX batch_leased ON batch (owner) WHERE state = 1;
CREATE INDEX batch_waiting ON batch (check_at) WHERE check_at > 0;

-- A delivery is the record and the work at once. rank only rises. Nothing but
-- the key is indexed: a row is found by what goes out in every message.
CREATE TABLE delivery (
  batch   BIGINT NOT NULL,
  rcpt    BIGINT NOT NULL,                  -- a subscriber; 0: the channel's own target
  rank    SMALLINT NOT NULL DEFAULT 0,      -- 0 planned, 1 accepted, 2 sent, 3 failed, 4 delivered
  fate    SMALLINT NOT NULL DEFAULT 0,      -- 0 open, 1 to be tried again, 2 moved on, 3 cancelled, 4 left unknown
  tries   SMALLINT NOT NULL DEFAULT 0,      -- known to have failed, at this gateway
  again   SMALLINT NOT NULL DEFAULT 0,      -- 1: an earlier hand-over may have succeeded
  doubt   BIGINT NOT NULL DEFAULT 0,        -- since when its end is not known; 0: it is
  at      BIGINT NOT NULL DEFAULT 0,        -- handed over
  done    BIGINT NOT NULL DEFAULT 0,        -- last change of rank or fate
  next    BIGINT NOT NULL DEFAULT 0,        -- the batch it moved on to
  gateway TEXT,
  ref     TEXT,
  why     TEXT,
  PRIMARY KEY (batch, rcpt)
){{hot}};

-- Only tries that failed or whose end is not known; a first success is told by
-- the delivery itself.
CREATE TABLE attempt (
  batch   BIGINT NOT NULL,
  rcpt    BIGINT NOT NULL,
  try     SMALLINT NOT NULL,
  at      BIGINT NOT NULL,
  gateway TEXT NOT NULL,
  kind    SMALLINT NOT NULL,                -- 1 in doubt, 2 to be tried again, 3 failed
  code    TEXT NOT NULL,
  text    TEXT NOT NULL,
  PRIMARY KEY (batch, rcpt, try)
){{wr}};

-- The first message of an incident to a recipient: later ones answer it.
CREATE TABLE thread (
  incident TEXT NOT NULL,
  channel  TEXT NOT NULL,
  rcpt     BIGINT NOT NULL,
  ref      TEXT NOT NULL,
  PRIMARY KEY (incident, channel, rcpt)
){{wr}};

-- Progress, kept by each node for itself so that commits do not wait for one
-- another; the sum over nodes is the truth.
CREATE TABLE tally (
  notice    BIGINT NOT NULL,
  channel   TEXT NOT NULL,
  node      TEXT NOT NULL,
  planned   BIGINT NOT NULL DEFAULT 0,
  handed    BIGINT NOT NULL DEFAULT 0,
  delivered BIGINT NOT NULL DEFAULT 0,
  failed    BIGINT NOT NULL DEFAULT 0,
  unknown   BIGINT NOT NULL DEFAULT 0,
  moved     BIGINT NOT NULL DEFAULT 0,
  cancelled BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (notice, channel, node)
){{wr}};

-- What a channel has cost, reserved before a window leaves.
CREATE TABLE spend (
  channel TEXT NOT NULL,
  day     TEXT NOT NULL,
  milli   BIGINT NOT NULL,
  grants  BIGINT NOT NULL DEFAULT 0,        -- how often an operator allowed one more cap
  PRIMARY KEY (channel, day)
){{wr}};

-- A channel that has been stopped until an operator says so, or until a time.
CREATE TABLE channel_hold (
  channel    TEXT PRIMARY KEY,
  why        TEXT NOT NULL,
  at         BIGINT NOT NULL,
  held_until BIGINT NOT NULL
);

-- +goose Down
DROP TABLE channel_hold;
DROP TABLE spend;
DROP TABLE tally;
DROP TABLE thread;
DROP TABLE attempt;
DROP TABLE delivery;
DROP TABLE batch;
DROP TABLE address;
DROP TABLE subscriber;
DROP TABLE notice_text;
DROP TABLE notice;
DROP TABLE node;
DROP TABLE counter;
