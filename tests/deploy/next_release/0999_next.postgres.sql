-- What the next release might bring. It is in no release: it is compiled into tests/neoid_next alone.
ALTER TABLE neoid.users ADD COLUMN next_release text NOT NULL DEFAULT '';
CREATE INDEX users_by_next_release ON neoid.users (next_release, name);
