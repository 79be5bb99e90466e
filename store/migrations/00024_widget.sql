-- +goose Up

-- Apps whose widget somebody has shut off, or turned on again.
CREATE TABLE widget_switch (
  app    TEXT PRIMARY KEY,
  off    BOOLEAN NOT NULL,
  author TEXT NOT NULL,
  at     BIGINT NOT NULL
);

-- +goose Down

DROP TABLE widget_switch;
