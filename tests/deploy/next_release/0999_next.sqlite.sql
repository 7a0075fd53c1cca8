-- As in 0999_next.postgres.sql.
ALTER TABLE users ADD COLUMN next_release text NOT NULL DEFAULT '';
