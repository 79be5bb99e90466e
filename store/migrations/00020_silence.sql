-- +goose Up

-- Components of which nothing is told that a person has not written, until when.
-- Ended ones are on the audit log alone.
CREATE TABLE silence (
  component TEXT PRIMARY KEY,
  reason    TEXT NOT NULL,
  author    TEXT NOT NULL,
  since     BIGINT NOT NULL,
  until     BIGINT NOT NULL
){{wr}};

-- +goose Down

DROP TABLE silence;
