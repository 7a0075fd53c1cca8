-- What the token service keeps: its signing keys, encrypted, and the tokens that were revoked. PostgreSQL form.

-- `sealed`: the private key under a key-encryption key that is not in the store (controller/oauth/key_seal.h).
-- The time is sealed with it: microseconds since 1970-01-01 UTC, exactly.
CREATE TABLE neoid.signing_keys (
  kid        text   PRIMARY KEY CHECK (kid <> ''),
  created_at bigint NOT NULL,
  sealed     bytea  NOT NULL
);

-- A row stays until its token has expired by itself. Numbers grow in the order of the commits.
CREATE TABLE neoid.token_revocations (
  number     bigint      PRIMARY KEY,
  jti        text        NOT NULL UNIQUE CHECK (jti <> ''),
  expires_at timestamptz NOT NULL
);
CREATE INDEX token_revocations_ended ON neoid.token_revocations (expires_at);

-- One row, the lock of both tables: how often the keys were changed, and the last revocation's number.
CREATE TABLE neoid.token_state (
  one         boolean PRIMARY KEY DEFAULT true CHECK (one),
  keys        bigint  NOT NULL,
  revocations bigint  NOT NULL
);
INSERT INTO neoid.token_state (keys, revocations) VALUES (0, 0);
