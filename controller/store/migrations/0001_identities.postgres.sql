-- Identities, their credentials, the catalogue, and the trail of every change. PostgreSQL form (15 or later).
--
-- Guards compare current_user by name: a membership test would be true for every superuser. neoid writes as
-- neoid_controller, and rows of system users as neoid_platform; roles.postgres.sql makes both. What is left
-- to a superuser, disabling a trigger or SET ROLE, is stepping over on purpose.
-- Foreign keys do not cascade: in a cascade current_user is the table's owner.

CREATE FUNCTION neoid.neoid_now() RETURNS timestamptz LANGUAGE sql VOLATILE
  AS $$ SELECT clock_timestamp() $$;
-- In floating point, which is exact to the microsecond until the year 2242, and four times as fast as numeric.
CREATE FUNCTION neoid.micros(t timestamptz) RETURNS bigint LANGUAGE sql STABLE
  AS $$ SELECT round(date_part('epoch', t) * 1000000)::bigint $$;
CREATE FUNCTION neoid.instant(n bigint) RETURNS timestamptz LANGUAGE sql IMMUTABLE
  AS $$ SELECT 'epoch'::timestamptz + n * interval '1 microsecond' $$;

CREATE TABLE neoid.store_keys (
  name  text  PRIMARY KEY,
  value bytea NOT NULL
);

CREATE TABLE neoid.epochs (
  cluster    text        PRIMARY KEY,
  n          bigint      NOT NULL CHECK (n > 0),
  holder     text        NOT NULL,
  claimed_at timestamptz NOT NULL
);

CREATE TABLE neoid.scopes (
  name         text    PRIMARY KEY,
  display_name text    NOT NULL DEFAULT '',
  description  text    NOT NULL DEFAULT '',
  tool         text    NOT NULL DEFAULT '',
  permissions  text    NOT NULL DEFAULT '',
  deprecated   boolean NOT NULL DEFAULT false
);

-- Every kind of user, one row each. `kind` is immutable.
CREATE TABLE neoid.users (
  user_id      uuid        PRIMARY KEY,
  kind         text        NOT NULL CHECK (kind IN ('custom', 'system')),
  client_id    text        NOT NULL CHECK (client_id <> ''),
  standing     text        NOT NULL DEFAULT 'unowned'
               CHECK (standing IN ('owned', 'left_behind', 'released', 'unowned')),
  cluster      text        NOT NULL DEFAULT '',
  namespace    text        NOT NULL DEFAULT '',
  name         text        NOT NULL DEFAULT '',
  uid          text        NOT NULL DEFAULT '',
  generation   bigint      NOT NULL DEFAULT 0,
  released_to  text        NOT NULL DEFAULT '',
  predecessor  text,
  display_name text        NOT NULL DEFAULT '',
  description  text        NOT NULL DEFAULT '',
  active       boolean     NOT NULL DEFAULT true,
  spec         text        NOT NULL DEFAULT '',
  hold_reason  text,
  hold_since   timestamptz,
  updated_at   timestamptz NOT NULL DEFAULT now(),
  digest       text        NOT NULL DEFAULT '',
  CHECK ((hold_reason IS NULL) = (hold_since IS NULL)),
  CHECK (kind <> 'system' OR (active AND hold_since IS NULL))
);
CREATE UNIQUE INDEX users_client_id ON neoid.users (client_id);
-- With the kind, so that a violation tells nobody which system users there are.
CREATE UNIQUE INDEX users_place ON neoid.users (kind, cluster, namespace, name) WHERE standing <> 'unowned';

-- Whose a client ID is or was: a row stays for ever.
CREATE TABLE neoid.client_ids (
  client_id text PRIMARY KEY,
  user_id   uuid NOT NULL
);

CREATE TABLE neoid.grants (
  user_id uuid NOT NULL REFERENCES neoid.users (user_id),
  scope   text NOT NULL REFERENCES neoid.scopes (name),
  PRIMARY KEY (user_id, scope)
);
CREATE INDEX grants_scope ON neoid.grants (scope);

CREATE TABLE neoid.tags (
  user_id uuid NOT NULL REFERENCES neoid.users (user_id),
  tag     text NOT NULL,
  PRIMARY KEY (user_id, tag)
);

CREATE TABLE neoid.credential_versions (
  user_id          uuid        NOT NULL REFERENCES neoid.users (user_id),
  number           bigint      NOT NULL CHECK (number > 0 AND number < 9007199254740992),
  hash             bytea       NOT NULL CHECK (length(hash) = 32),
  state            text        NOT NULL CHECK (state IN ('issued', 'delivered', 'revoked')),
  issued_at        timestamptz NOT NULL,
  delivered_at     timestamptz,
  valid_until      timestamptz,
  for_absent       boolean     NOT NULL DEFAULT false,
  rotation_request text        NOT NULL DEFAULT '',
  PRIMARY KEY (user_id, number),
  CHECK (state <> 'delivered' OR delivered_at IS NOT NULL),
  CHECK (state <> 'issued' OR delivered_at IS NULL)
);
CREATE UNIQUE INDEX credential_versions_current ON neoid.credential_versions (user_id)
  WHERE state = 'delivered' AND valid_until IS NULL;

-- Outside the guards: the token service writes it.
CREATE TABLE neoid.last_used (
  user_id uuid        NOT NULL,
  number  bigint      NOT NULL,
  at      timestamptz NOT NULL,
  PRIMARY KEY (user_id, number)
);

-- The trail, and the change feed: numbers are given under the lock of the head row, which is the last thing
-- that a transaction takes, so they have no gaps and commit in order.
CREATE TABLE neoid.activity (
  number    bigint      PRIMARY KEY,
  at        timestamptz NOT NULL,
  user_id   text        NOT NULL DEFAULT '',
  cluster   text        NOT NULL DEFAULT '',
  kind      text        NOT NULL DEFAULT '',
  namespace text        NOT NULL DEFAULT '',
  name      text        NOT NULL DEFAULT '',
  actor     text        NOT NULL DEFAULT '',
  cause     text        NOT NULL DEFAULT '',
  action    text        NOT NULL DEFAULT '',
  before    text        NOT NULL DEFAULT '',
  after     text        NOT NULL DEFAULT '',
  writer    text        NOT NULL DEFAULT '',
  hash      text        NOT NULL
);
CREATE INDEX activity_user ON neoid.activity (user_id, number);
CREATE INDEX activity_name ON neoid.activity (name, number);
CREATE INDEX activity_outside ON neoid.activity (user_id, number) WHERE cause = 'outside';

CREATE TABLE neoid.activity_head (
  one    boolean PRIMARY KEY DEFAULT true CHECK (one),
  number bigint  NOT NULL,
  hash   text    NOT NULL
);
INSERT INTO neoid.activity_head (number, hash) VALUES (0, repeat('0', 64));

-- The table that people look at. Whoever asks sees through it what they may see.
CREATE VIEW neoid.integration_users WITH (security_invoker = true) AS
  SELECT u.user_id, u.display_name AS name, u.description,
         array(SELECT g.scope FROM neoid.grants g WHERE g.user_id = u.user_id ORDER BY g.scope) AS scopes,
         u.active AND u.hold_since IS NULL AS active, u.updated_at AS last_updated
    FROM neoid.users u WHERE u.kind = 'custom';

-- --- System users hold still ---------------------------------------------------------------------
CREATE FUNCTION neoid.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '%', TG_ARGV[1] USING ERRCODE = TG_ARGV[0];
END $$;

-- Whether one of them is not a custom user. Looks past the row security of whoever asks: an admin who cannot
-- see a system user must not be able to add a grant to it either. An unknown user is told like a hidden one.
CREATE FUNCTION neoid.is_system(ids uuid[]) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
  AS $$ SELECT EXISTS (SELECT FROM unnest(ids) AS asked (id) WHERE NOT EXISTS (
          SELECT FROM neoid.users u WHERE u.user_id = asked.id AND u.kind = 'custom')) $$;

CREATE FUNCTION neoid.guard_children() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  hit boolean := false;
BEGIN
  IF current_user = 'neoid_platform' THEN
    RETURN NULL;
  END IF;
  IF TG_OP <> 'INSERT' THEN
    hit := neoid.is_system(ARRAY(SELECT DISTINCT user_id FROM old_rows));
  END IF;
  IF TG_OP <> 'DELETE' AND NOT hit THEN
    hit := neoid.is_system(ARRAY(SELECT DISTINCT user_id FROM new_rows));
  END IF;
  IF hit THEN
    RAISE EXCEPTION 'system users hold still: only the platform changes them' USING ERRCODE = 'NE001';
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER users_insert_guard BEFORE INSERT ON neoid.users FOR EACH ROW
  WHEN (NEW.kind = 'system' AND current_user <> 'neoid_platform')
  EXECUTE FUNCTION neoid.refuse('NE001', 'system users hold still: only the platform changes them');
CREATE TRIGGER users_update_guard BEFORE UPDATE ON neoid.users FOR EACH ROW
  WHEN ((OLD.kind = 'system' OR NEW.kind = 'system') AND current_user <> 'neoid_platform')
  EXECUTE FUNCTION neoid.refuse('NE001', 'system users hold still: only the platform changes them');
CREATE TRIGGER users_delete_guard BEFORE DELETE ON neoid.users FOR EACH ROW
  WHEN (OLD.kind = 'system' AND current_user <> 'neoid_platform')
  EXECUTE FUNCTION neoid.refuse('NE001', 'system users hold still: only the platform changes them');
CREATE TRIGGER users_identity_guard BEFORE UPDATE ON neoid.users FOR EACH ROW
  WHEN (OLD.kind <> NEW.kind OR OLD.user_id <> NEW.user_id)
  EXECUTE FUNCTION neoid.refuse('NE002', 'user_id and kind of a user never change');

CREATE TRIGGER grants_insert_guard AFTER INSERT ON neoid.grants REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION neoid.guard_children();
CREATE TRIGGER grants_update_guard AFTER UPDATE ON neoid.grants REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION neoid.guard_children();
CREATE TRIGGER grants_delete_guard AFTER DELETE ON neoid.grants REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT EXECUTE FUNCTION neoid.guard_children();
CREATE TRIGGER tags_insert_guard AFTER INSERT ON neoid.tags REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION neoid.guard_children();
CREATE TRIGGER tags_update_guard AFTER UPDATE ON neoid.tags REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION neoid.guard_children();
CREATE TRIGGER tags_delete_guard AFTER DELETE ON neoid.tags REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT EXECUTE FUNCTION neoid.guard_children();
CREATE TRIGGER credential_versions_insert_guard AFTER INSERT ON neoid.credential_versions REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION neoid.guard_children();
CREATE TRIGGER credential_versions_update_guard AFTER UPDATE ON neoid.credential_versions REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION neoid.guard_children();
CREATE TRIGGER credential_versions_delete_guard AFTER DELETE ON neoid.credential_versions REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT EXECUTE FUNCTION neoid.guard_children();

-- TRUNCATE fires no row trigger.
CREATE TRIGGER users_truncate_guard BEFORE TRUNCATE ON neoid.users FOR EACH STATEMENT
  EXECUTE FUNCTION neoid.refuse('NE001', 'this table is never truncated');
CREATE TRIGGER grants_truncate_guard BEFORE TRUNCATE ON neoid.grants FOR EACH STATEMENT
  EXECUTE FUNCTION neoid.refuse('NE001', 'this table is never truncated');
CREATE TRIGGER tags_truncate_guard BEFORE TRUNCATE ON neoid.tags FOR EACH STATEMENT
  EXECUTE FUNCTION neoid.refuse('NE001', 'this table is never truncated');
CREATE TRIGGER credential_versions_truncate_guard BEFORE TRUNCATE ON neoid.credential_versions FOR EACH STATEMENT
  EXECUTE FUNCTION neoid.refuse('NE001', 'this table is never truncated');
CREATE TRIGGER client_ids_truncate_guard BEFORE TRUNCATE ON neoid.client_ids FOR EACH STATEMENT
  EXECUTE FUNCTION neoid.refuse('NE001', 'this table is never truncated');
CREATE TRIGGER activity_truncate_guard BEFORE TRUNCATE ON neoid.activity FOR EACH STATEMENT
  EXECUTE FUNCTION neoid.refuse('NE001', 'this table is never truncated');
CREATE TRIGGER activity_head_truncate_guard BEFORE TRUNCATE ON neoid.activity_head FOR EACH STATEMENT
  EXECUTE FUNCTION neoid.refuse('NE001', 'this table is never truncated');
CREATE TRIGGER scopes_truncate_guard BEFORE TRUNCATE ON neoid.scopes FOR EACH STATEMENT
  EXECUTE FUNCTION neoid.refuse('NE001', 'this table is never truncated');
CREATE TRIGGER epochs_truncate_guard BEFORE TRUNCATE ON neoid.epochs FOR EACH STATEMENT
  EXECUTE FUNCTION neoid.refuse('NE001', 'this table is never truncated');
CREATE TRIGGER store_keys_truncate_guard BEFORE TRUNCATE ON neoid.store_keys FOR EACH STATEMENT
  EXECUTE FUNCTION neoid.refuse('NE001', 'this table is never truncated');

-- --- Client IDs are somebody's for ever ----------------------------------------------------------
CREATE FUNCTION neoid.take_client_ids() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  INSERT INTO neoid.client_ids (client_id, user_id) SELECT client_id, user_id FROM new_rows
    ON CONFLICT (client_id) DO NOTHING;
  IF EXISTS (SELECT FROM new_rows n JOIN neoid.client_ids c USING (client_id) WHERE c.user_id <> n.user_id) THEN
    RAISE EXCEPTION 'the client ID is or was another user''s' USING ERRCODE = 'NE003';
  END IF;
  RETURN NULL;
END $$;
CREATE FUNCTION neoid.take_client_id() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  INSERT INTO neoid.client_ids (client_id, user_id) VALUES (NEW.client_id, NEW.user_id)
    ON CONFLICT (client_id) DO NOTHING;
  IF EXISTS (SELECT FROM neoid.client_ids WHERE client_id = NEW.client_id AND user_id <> NEW.user_id) THEN
    RAISE EXCEPTION 'the client ID is or was another user''s' USING ERRCODE = 'NE003';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER users_client_id_insert AFTER INSERT ON neoid.users REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION neoid.take_client_ids();
CREATE TRIGGER users_client_id_update AFTER UPDATE ON neoid.users FOR EACH ROW
  WHEN (OLD.client_id <> NEW.client_id) EXECUTE FUNCTION neoid.take_client_id();
CREATE TRIGGER client_ids_guard BEFORE UPDATE OR DELETE ON neoid.client_ids FOR EACH ROW
  EXECUTE FUNCTION neoid.refuse('NE003', 'client IDs are taken for ever');

-- --- Credential versions: what a version may become ----------------------------------------------
CREATE TRIGGER credential_versions_transition BEFORE UPDATE ON neoid.credential_versions FOR EACH ROW
  WHEN (NEW.user_id <> OLD.user_id OR NEW.number <> OLD.number OR NEW.hash <> OLD.hash
     OR NEW.issued_at <> OLD.issued_at OR NEW.for_absent <> OLD.for_absent
     OR NEW.rotation_request <> OLD.rotation_request
     OR (OLD.state = 'revoked' AND NEW.state <> 'revoked')
     OR (OLD.state = 'delivered' AND NEW.state = 'issued'))
  EXECUTE FUNCTION neoid.refuse('NE002',
    'a credential version goes from issued to delivered to revoked, and is otherwise as it was made');
-- An end is set once; only an acceptance that has not ended may lose it, by being delivered (again).
CREATE TRIGGER credential_versions_end BEFORE UPDATE ON neoid.credential_versions FOR EACH ROW
  WHEN (OLD.valid_until IS NOT NULL AND NEW.valid_until IS DISTINCT FROM OLD.valid_until
    AND NOT (NEW.valid_until IS NULL AND NEW.state = 'delivered' AND OLD.valid_until > neoid.neoid_now()
             AND current_user IN ('neoid_controller', 'neoid_platform'))
    AND NOT (NEW.valid_until IS NOT NULL AND NEW.valid_until < OLD.valid_until))
  EXECUTE FUNCTION neoid.refuse('NE002', 'the end of a credential version is not put off');
CREATE TRIGGER credential_versions_revoked_first BEFORE DELETE ON neoid.credential_versions FOR EACH ROW
  WHEN (OLD.state <> 'revoked')
  EXECUTE FUNCTION neoid.refuse('NE002', 'a credential version is revoked before it is removed');

-- --- The trail is append-only --------------------------------------------------------------------
CREATE TRIGGER activity_guard BEFORE UPDATE OR DELETE ON neoid.activity FOR EACH ROW
  EXECUTE FUNCTION neoid.refuse('NE004', 'the activity is append-only');
CREATE TRIGGER activity_head_guard BEFORE INSERT OR DELETE ON neoid.activity_head FOR EACH ROW
  EXECUTE FUNCTION neoid.refuse('NE004', 'the activity is append-only');
CREATE TRIGGER activity_head_forward BEFORE UPDATE ON neoid.activity_head FOR EACH ROW
  WHEN (NEW.number <= OLD.number)
  EXECUTE FUNCTION neoid.refuse('NE004', 'the activity is append-only');

-- --- What outside hands change is told -----------------------------------------------------------
CREATE FUNCTION neoid.chain_field(t text) RETURNS text LANGUAGE sql IMMUTABLE
  AS $$ SELECT octet_length(t)::text || ':' || t $$;

-- Runs at commit, so that the head row is the last lock that an outside transaction takes as well.
CREATE FUNCTION neoid.tell_outside() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  old_row  jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) - 'hash' END;
  new_row  jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) - 'hash' END;
  either   jsonb := coalesce(new_row, old_row);
  owner    neoid.users%ROWTYPE;
  head     neoid.activity_head%ROWTYPE;
  entry    neoid.activity%ROWTYPE;
  acting   text := current_setting('role');
  program  text := current_setting('application_name');
BEGIN
  entry.user_id := coalesce(either ->> 'user_id', '');
  IF TG_TABLE_NAME = 'scopes' THEN
    entry.kind := 'Scope';
    entry.name := either ->> 'name';
  ELSIF TG_TABLE_NAME = 'users' THEN
    owner := jsonb_populate_record(NULL::neoid.users, either);
  ELSE
    SELECT * INTO owner FROM neoid.users u WHERE u.user_id = (either ->> 'user_id')::uuid;
  END IF;
  IF owner.user_id IS NOT NULL THEN
    entry.kind := CASE owner.kind WHEN 'system' THEN 'SystemIntegrationUser' ELSE 'IntegrationUser' END;
    entry.cluster := owner.cluster;
    entry.namespace := owner.namespace;
    entry.name := owner.name;
  END IF;
  entry.at := neoid.neoid_now();
  entry.actor := 'database role ' || CASE acting WHEN 'none' THEN session_user::text ELSE acting END
                 || CASE program WHEN '' THEN '' ELSE ' (' || program || ')' END;
  entry.cause := 'outside';
  entry.action := initcap(replace(TG_TABLE_NAME, '_', ' '));
  entry.action := replace(rtrim(entry.action, 's'), ' ', '') || initcap(TG_OP) || 'Outside';
  entry.before := coalesce(old_row::text, '');
  entry.after := coalesce(new_row::text, '');
  entry.kind := coalesce(entry.kind, '');
  entry.cluster := coalesce(entry.cluster, '');
  entry.namespace := coalesce(entry.namespace, '');
  entry.name := coalesce(entry.name, '');
  entry.writer := '';

  SELECT * INTO head FROM neoid.activity_head FOR UPDATE;
  entry.number := head.number + 1;
  entry.hash := encode(sha256(convert_to(
    head.hash || neoid.chain_field(entry.number::text)
    || neoid.chain_field(to_char(entry.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))
    || neoid.chain_field(entry.user_id) || neoid.chain_field(entry.cluster) || neoid.chain_field(entry.kind)
    || neoid.chain_field(entry.namespace) || neoid.chain_field(entry.name) || neoid.chain_field(entry.actor)
    || neoid.chain_field(entry.cause) || neoid.chain_field(entry.action) || neoid.chain_field(entry.before)
    || neoid.chain_field(entry.after) || neoid.chain_field(entry.writer), 'UTF8')), 'hex');
  INSERT INTO neoid.activity SELECT entry.*;
  UPDATE neoid.activity_head SET number = entry.number, hash = entry.hash;
  -- One payload for a transaction, so that many rows are one notification.
  PERFORM pg_notify('neoid', pg_current_xact_id()::text);
  RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER users_told AFTER INSERT OR UPDATE OR DELETE ON neoid.users
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  WHEN (current_user NOT IN ('neoid_controller', 'neoid_platform')) EXECUTE FUNCTION neoid.tell_outside();
CREATE CONSTRAINT TRIGGER grants_told AFTER INSERT OR UPDATE OR DELETE ON neoid.grants
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  WHEN (current_user NOT IN ('neoid_controller', 'neoid_platform')) EXECUTE FUNCTION neoid.tell_outside();
CREATE CONSTRAINT TRIGGER tags_told AFTER INSERT OR UPDATE OR DELETE ON neoid.tags
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  WHEN (current_user NOT IN ('neoid_controller', 'neoid_platform')) EXECUTE FUNCTION neoid.tell_outside();
CREATE CONSTRAINT TRIGGER credential_versions_told AFTER INSERT OR UPDATE OR DELETE ON neoid.credential_versions
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  WHEN (current_user NOT IN ('neoid_controller', 'neoid_platform')) EXECUTE FUNCTION neoid.tell_outside();
CREATE CONSTRAINT TRIGGER scopes_told AFTER INSERT OR UPDATE OR DELETE ON neoid.scopes
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  WHEN (current_user NOT IN ('neoid_controller', 'neoid_platform')) EXECUTE FUNCTION neoid.tell_outside();

-- --- Acceptance: the one place where it is decided -----------------------------------------------
CREATE FUNCTION neoid.acceptance(client text, secret_hash bytea)
  RETURNS TABLE (user_id uuid, kind text, number bigint, reason text, scopes text)
  LANGUAGE sql VOLATILE AS $$
  SELECT u.user_id, u.kind, coalesce(v.number, 0),
         CASE WHEN NOT u.active OR u.hold_since IS NOT NULL THEN 'Inactive'
              WHEN v.number IS NULL THEN 'UnknownVersion'
              WHEN v.state = 'revoked' THEN 'Revoked'
              WHEN v.valid_until <= neoid.neoid_now() THEN 'Expired'
              ELSE '' END,
         coalesce((SELECT json_agg(g.scope)::text FROM neoid.grants g JOIN neoid.scopes s ON s.name = g.scope
                    WHERE g.user_id = u.user_id), '[]')
    FROM neoid.users u
    LEFT JOIN neoid.credential_versions v ON v.user_id = u.user_id AND v.hash = secret_hash
   WHERE u.client_id = client
   ORDER BY v.state IS DISTINCT FROM 'revoked' DESC, v.valid_until DESC NULLS FIRST
   LIMIT 1
$$;

-- --- Nobody goes round by session_replication_role -----------------------------------------------
ALTER TABLE neoid.users ENABLE ALWAYS TRIGGER users_insert_guard;
ALTER TABLE neoid.users ENABLE ALWAYS TRIGGER users_update_guard;
ALTER TABLE neoid.users ENABLE ALWAYS TRIGGER users_delete_guard;
ALTER TABLE neoid.users ENABLE ALWAYS TRIGGER users_identity_guard;
ALTER TABLE neoid.grants ENABLE ALWAYS TRIGGER grants_insert_guard;
ALTER TABLE neoid.grants ENABLE ALWAYS TRIGGER grants_update_guard;
ALTER TABLE neoid.grants ENABLE ALWAYS TRIGGER grants_delete_guard;
ALTER TABLE neoid.tags ENABLE ALWAYS TRIGGER tags_insert_guard;
ALTER TABLE neoid.tags ENABLE ALWAYS TRIGGER tags_update_guard;
ALTER TABLE neoid.tags ENABLE ALWAYS TRIGGER tags_delete_guard;
ALTER TABLE neoid.credential_versions ENABLE ALWAYS TRIGGER credential_versions_insert_guard;
ALTER TABLE neoid.credential_versions ENABLE ALWAYS TRIGGER credential_versions_update_guard;
ALTER TABLE neoid.credential_versions ENABLE ALWAYS TRIGGER credential_versions_delete_guard;
ALTER TABLE neoid.users ENABLE ALWAYS TRIGGER users_truncate_guard;
ALTER TABLE neoid.grants ENABLE ALWAYS TRIGGER grants_truncate_guard;
ALTER TABLE neoid.tags ENABLE ALWAYS TRIGGER tags_truncate_guard;
ALTER TABLE neoid.credential_versions ENABLE ALWAYS TRIGGER credential_versions_truncate_guard;
ALTER TABLE neoid.client_ids ENABLE ALWAYS TRIGGER client_ids_truncate_guard;
ALTER TABLE neoid.activity ENABLE ALWAYS TRIGGER activity_truncate_guard;
ALTER TABLE neoid.activity_head ENABLE ALWAYS TRIGGER activity_head_truncate_guard;
ALTER TABLE neoid.scopes ENABLE ALWAYS TRIGGER scopes_truncate_guard;
ALTER TABLE neoid.epochs ENABLE ALWAYS TRIGGER epochs_truncate_guard;
ALTER TABLE neoid.store_keys ENABLE ALWAYS TRIGGER store_keys_truncate_guard;
ALTER TABLE neoid.users ENABLE ALWAYS TRIGGER users_client_id_insert;
ALTER TABLE neoid.users ENABLE ALWAYS TRIGGER users_client_id_update;
ALTER TABLE neoid.client_ids ENABLE ALWAYS TRIGGER client_ids_guard;
ALTER TABLE neoid.credential_versions ENABLE ALWAYS TRIGGER credential_versions_transition;
ALTER TABLE neoid.credential_versions ENABLE ALWAYS TRIGGER credential_versions_end;
ALTER TABLE neoid.credential_versions ENABLE ALWAYS TRIGGER credential_versions_revoked_first;
ALTER TABLE neoid.activity ENABLE ALWAYS TRIGGER activity_guard;
ALTER TABLE neoid.activity_head ENABLE ALWAYS TRIGGER activity_head_guard;
ALTER TABLE neoid.activity_head ENABLE ALWAYS TRIGGER activity_head_forward;
ALTER TABLE neoid.users ENABLE ALWAYS TRIGGER users_told;
ALTER TABLE neoid.grants ENABLE ALWAYS TRIGGER grants_told;
ALTER TABLE neoid.tags ENABLE ALWAYS TRIGGER tags_told;
ALTER TABLE neoid.credential_versions ENABLE ALWAYS TRIGGER credential_versions_told;
ALTER TABLE neoid.scopes ENABLE ALWAYS TRIGGER scopes_told;

-- Who sees what is in access.postgres.sql; until it has run, nobody but the owner sees anything.
ALTER TABLE neoid.users ENABLE ROW LEVEL SECURITY;
ALTER TABLE neoid.grants ENABLE ROW LEVEL SECURITY;
ALTER TABLE neoid.tags ENABLE ROW LEVEL SECURITY;
ALTER TABLE neoid.credential_versions ENABLE ROW LEVEL SECURITY;
