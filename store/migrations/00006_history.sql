-- +goose Up

ALTER TABLE standing ADD COLUMN usual_us BIGINT NOT NULL DEFAULT 0;   -- microseconds
ALTER TABLE standing ADD COLUMN lately_us BIGINT NOT NULL DEFAULT 0;

ALTER TABLE incident ADD COLUMN retracted BIGINT NOT NULL DEFAULT 0;
ALTER TABLE incident ADD COLUMN apart BOOLEAN NOT NULL DEFAULT FALSE;

ALTER TABLE incident_update ADD COLUMN missed BIGINT NOT NULL DEFAULT 0;
ALTER TABLE incident_update ADD COLUMN other TEXT NOT NULL DEFAULT '';
ALTER TABLE incident_update ADD COLUMN correction TEXT NOT NULL DEFAULT ''; -- JSON; empty: it is none
ALTER TABLE incident_update ADD COLUMN statement TEXT NOT NULL DEFAULT '';  -- JSON
ALTER TABLE incident_update ADD COLUMN eta TEXT NOT NULL DEFAULT '';        -- JSON

ALTER TABLE maintenance ADD COLUMN cancelled BIGINT NOT NULL DEFAULT 0;

INSERT INTO counter (name, value) VALUES ('series', 0);

-- The looks of one location at one check, by a short number.
CREATE TABLE look_series (
  id       BIGINT PRIMARY KEY,
  checked  TEXT NOT NULL,
  location TEXT NOT NULL,
  UNIQUE (checked, location)
);

-- Looks as they were committed, until compaction has put them into blocks.
CREATE TABLE look_segment (
  began BIGINT NOT NULL,                  -- when the earliest of the looks began
  mark  BIGINT NOT NULL,                  -- a hash of the body: the same looks again are the same row
  ended BIGINT NOT NULL,                  -- when the latest of them began
  body  {{blob}} NOT NULL,
  PRIMARY KEY (began, mark)
);

-- Every look of the last days: the looks of some series in some minutes.
CREATE TABLE look_block (
  shard  BIGINT NOT NULL,                 -- 16 series: id / 16
  span   BIGINT NOT NULL,                 -- 300000 or 3600000: how many milliseconds it covers
  at     BIGINT NOT NULL,                 -- from when
  packed SMALLINT NOT NULL,               -- 1: the points have all of it
  body   {{blob}} NOT NULL,
  PRIMARY KEY (shard, span, at)
);
CREATE INDEX look_block_at ON look_block (span, at, shard);
CREATE INDEX look_block_waiting ON look_block (at, shard) WHERE packed = 0 AND span = 3600000;

-- Points: what the looks of a series come to, in steps.
CREATE TABLE look_pack (
  series BIGINT NOT NULL,
  step   BIGINT NOT NULL,                 -- 300000, 3600000 or 86400000
  at     BIGINT NOT NULL,                 -- from when; how far depends on the step
  body   {{blob}} NOT NULL,
  PRIMARY KEY (series, step, at)
);
CREATE INDEX look_pack_at ON look_pack (step, at);

-- Whoever changes blocks or points raises the turn, so that nobody builds on
-- what another has changed meanwhile.
CREATE TABLE look_compaction (
  one      SMALLINT PRIMARY KEY,
  turn     BIGINT NOT NULL,
  raw_from BIGINT NOT NULL                -- looks before this are no longer kept
);
INSERT INTO look_compaction (one, turn, raw_from) VALUES (1, 0, 0);

-- The latest report of what reports in by itself.
CREATE TABLE heartbeat (
  checked TEXT PRIMARY KEY,
  at      BIGINT NOT NULL,
  code    BIGINT NOT NULL,                -- as a process exits: 0 is well
  took_ms BIGINT NOT NULL,
  reason  TEXT NOT NULL
);

-- +goose Down
DROP TABLE heartbeat;
DROP TABLE look_compaction;
DROP TABLE look_pack;
DROP TABLE look_block;
DROP TABLE look_segment;
DROP TABLE look_series;
DELETE FROM counter WHERE name = 'series';
ALTER TABLE maintenance DROP COLUMN cancelled;
ALTER TABLE incident_update DROP COLUMN eta;
ALTER TABLE incident_update DROP COLUMN statement;
ALTER TABLE incident_update DROP COLUMN correction;
ALTER TABLE incident_update DROP COLUMN other;
ALTER TABLE incident_update DROP COLUMN missed;
ALTER TABLE incident DROP COLUMN apart;
ALTER TABLE incident DROP COLUMN retracted;
ALTER TABLE standing DROP COLUMN lately_us;
ALTER TABLE standing DROP COLUMN usual_us;
