-- +goose Up

-- What apps' own people say of their functions, over what the configuration says.
CREATE TABLE function_words (
  app     TEXT NOT NULL,
  func    TEXT NOT NULL,
  name    TEXT NOT NULL, -- JSON: by language; {} leaves it to the configuration
  instead TEXT NOT NULL, -- JSON
  author  TEXT NOT NULL,
  at      BIGINT NOT NULL,
  PRIMARY KEY (app, func)
);

-- +goose Down

DROP TABLE function_words;
