-- +goose Up

-- A late batch: a delivery of it is written with its result, or as soon as
-- anything else is to be said of it. Until then who it is for is in batch_people.
-- No program closes one that has not been written out, not even an older one that
-- still runs beside this and knows of no late batches.
ALTER TABLE batch ADD COLUMN late SMALLINT NOT NULL DEFAULT 0 CHECK (late = 0 OR state < 2);

CREATE TABLE batch_people (
  batch  BIGINT PRIMARY KEY,
  people {{blob}} NOT NULL              -- the recipients in rising order, each as its distance from the one before
);

-- +goose Down

DROP TABLE batch_people;
ALTER TABLE batch DROP COLUMN late;
