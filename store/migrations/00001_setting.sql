-- +goose Up
-- Small facts of the installation and switches that every node obeys (paused, …).
CREATE TABLE setting (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL,
  at    BIGINT NOT NULL
);

-- +goose Down
DROP TABLE setting;
