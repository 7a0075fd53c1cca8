-- What the token service keeps: its signing keys, encrypted, and the tokens that were revoked. SQLite form.
-- Times are microseconds since 1970-01-01 UTC.

-- `sealed`: the private key under a key-encryption key that is not in the store (controller/oauth/key_seal.h).
CREATE TABLE signing_keys (
  kid        TEXT    NOT NULL PRIMARY KEY CHECK (kid <> ''),
  created_at INTEGER NOT NULL,
  sealed     BLOB    NOT NULL
) WITHOUT ROWID;

-- A row stays until its token has expired by itself. Numbers grow in the order of the commits.
CREATE TABLE token_revocations (
  number     INTEGER NOT NULL PRIMARY KEY,
  jti        TEXT    NOT NULL UNIQUE CHECK (jti <> ''),
  expires_at INTEGER NOT NULL
);
CREATE INDEX token_revocations_ended ON token_revocations (expires_at);

-- One row, the lock of both tables: how often the keys were changed, and the last revocation's number.
CREATE TABLE token_state (
  one         INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
  keys        INTEGER NOT NULL,
  revocations INTEGER NOT NULL
);
INSERT INTO token_state (one, keys, revocations) VALUES (1, 0, 0);
