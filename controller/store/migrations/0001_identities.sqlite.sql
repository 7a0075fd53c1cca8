-- Identities, their credentials, the catalogue, and the trail of every change. SQLite form.
-- Times are microseconds since 1970-01-01 UTC.
--
-- Guards: whoever writes rows of the platform (and neoid does for every write of its own) has its row in
-- writer_open during the transaction, and nobody else ever sees it. Without it, system users hold still, the
-- trail is written by triggers, and everything else is open to an administrator's shell.

CREATE TABLE store_keys (
  name  TEXT NOT NULL PRIMARY KEY,
  value BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE epochs (
  cluster    TEXT    NOT NULL PRIMARY KEY,
  n          INTEGER NOT NULL CHECK (n > 0),
  holder     TEXT    NOT NULL,
  claimed_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE writer_open (
  writer TEXT NOT NULL PRIMARY KEY
) WITHOUT ROWID;

CREATE TABLE scopes (
  name         TEXT    NOT NULL PRIMARY KEY,
  display_name TEXT    NOT NULL DEFAULT '',
  description  TEXT    NOT NULL DEFAULT '',
  tool         TEXT    NOT NULL DEFAULT '',
  permissions  TEXT    NOT NULL DEFAULT '',
  deprecated   INTEGER NOT NULL DEFAULT 0 CHECK (deprecated IN (0, 1))
) WITHOUT ROWID;

-- Every kind of user, one row each. `kind` is immutable.
CREATE TABLE users (
  user_id      TEXT    NOT NULL PRIMARY KEY CHECK (length(user_id) = 36),
  kind         TEXT    NOT NULL CHECK (kind IN ('custom', 'system')),
  client_id    TEXT    NOT NULL CHECK (client_id <> ''),
  standing     TEXT    NOT NULL DEFAULT 'unowned'
               CHECK (standing IN ('owned', 'left_behind', 'released', 'unowned')),
  cluster      TEXT    NOT NULL DEFAULT '',
  namespace    TEXT    NOT NULL DEFAULT '',
  name         TEXT    NOT NULL DEFAULT '',
  uid          TEXT    NOT NULL DEFAULT '',
  generation   INTEGER NOT NULL DEFAULT 0,
  released_to  TEXT    NOT NULL DEFAULT '',
  predecessor  TEXT,
  display_name TEXT    NOT NULL DEFAULT '',
  description  TEXT    NOT NULL DEFAULT '',
  active       INTEGER NOT NULL DEFAULT 1 CHECK (active IN (0, 1)),
  spec         TEXT    NOT NULL DEFAULT '',
  hold_reason  TEXT,
  hold_since   INTEGER,
  updated_at   INTEGER NOT NULL DEFAULT 0,
  digest       TEXT    NOT NULL DEFAULT '',
  CHECK ((hold_reason IS NULL) = (hold_since IS NULL)),
  CHECK (kind <> 'system' OR (active = 1 AND hold_since IS NULL))
) WITHOUT ROWID;
CREATE UNIQUE INDEX users_client_id ON users (client_id);
CREATE UNIQUE INDEX users_place ON users (kind, cluster, namespace, name) WHERE standing <> 'unowned';

-- Whose a client ID is or was: a row stays for ever.
CREATE TABLE client_ids (
  client_id TEXT NOT NULL PRIMARY KEY,
  user_id   TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE grants (
  user_id TEXT NOT NULL REFERENCES users (user_id),
  scope   TEXT NOT NULL REFERENCES scopes (name),
  PRIMARY KEY (user_id, scope)
) WITHOUT ROWID;
CREATE INDEX grants_scope ON grants (scope);

CREATE TABLE tags (
  user_id TEXT NOT NULL REFERENCES users (user_id),
  tag     TEXT NOT NULL,
  PRIMARY KEY (user_id, tag)
) WITHOUT ROWID;

CREATE TABLE credential_versions (
  user_id          TEXT    NOT NULL REFERENCES users (user_id),
  number           INTEGER NOT NULL CHECK (number > 0 AND number < 9007199254740992),
  hash             BLOB    NOT NULL CHECK (length(hash) = 32),
  state            TEXT    NOT NULL CHECK (state IN ('issued', 'delivered', 'revoked')),
  issued_at        INTEGER NOT NULL,
  delivered_at     INTEGER,
  valid_until      INTEGER,
  for_absent       INTEGER NOT NULL DEFAULT 0 CHECK (for_absent IN (0, 1)),
  rotation_request TEXT    NOT NULL DEFAULT '',
  PRIMARY KEY (user_id, number),
  CHECK (state <> 'delivered' OR delivered_at IS NOT NULL),
  CHECK (state <> 'issued' OR delivered_at IS NULL)
) WITHOUT ROWID;
CREATE UNIQUE INDEX credential_versions_current ON credential_versions (user_id)
  WHERE state = 'delivered' AND valid_until IS NULL;

-- Outside the guards: the token service writes it.
CREATE TABLE last_used (
  user_id TEXT    NOT NULL,
  number  INTEGER NOT NULL,
  at      INTEGER NOT NULL,
  PRIMARY KEY (user_id, number)
) WITHOUT ROWID;

-- The trail, and the change feed: `number` has no gaps. Entries of outside hands are written by triggers, and
-- sealed (given their hash) by the next transaction of neoid.
CREATE TABLE activity (
  number    INTEGER NOT NULL PRIMARY KEY,
  at        INTEGER NOT NULL,
  user_id   TEXT NOT NULL DEFAULT '',
  cluster   TEXT NOT NULL DEFAULT '',
  kind      TEXT NOT NULL DEFAULT '',
  namespace TEXT NOT NULL DEFAULT '',
  name      TEXT NOT NULL DEFAULT '',
  actor     TEXT NOT NULL DEFAULT '',
  cause     TEXT NOT NULL DEFAULT '',
  action    TEXT NOT NULL DEFAULT '',
  before    TEXT NOT NULL DEFAULT '',
  after     TEXT NOT NULL DEFAULT '',
  writer    TEXT NOT NULL DEFAULT '',
  hash      TEXT NOT NULL DEFAULT ''
);
CREATE INDEX activity_user ON activity (user_id, number);
CREATE INDEX activity_name ON activity (name, number);
CREATE INDEX activity_outside ON activity (user_id, number) WHERE cause = 'outside';

CREATE TABLE activity_head (
  one    INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
  number INTEGER NOT NULL,  -- of the last entry
  sealed INTEGER NOT NULL,  -- of the last entry with a hash
  hash   TEXT    NOT NULL
) WITHOUT ROWID;
INSERT INTO activity_head VALUES (1, 0, 0, '0000000000000000000000000000000000000000000000000000000000000000');

-- --- System users hold still ---------------------------------------------------------------------
-- REPLACE removes a colliding row without its DELETE trigger, so inserts and updates look at what they hit.
CREATE TRIGGER users_insert_guard BEFORE INSERT ON users
WHEN NOT EXISTS (SELECT 1 FROM writer_open)
 AND (NEW.kind = 'system' OR EXISTS (
   SELECT 1 FROM users WHERE kind = 'system' AND (user_id = NEW.user_id OR client_id = NEW.client_id)))
BEGIN SELECT RAISE(ABORT, 'system users hold still: only the platform changes them'); END;

CREATE TRIGGER users_update_guard BEFORE UPDATE ON users
WHEN NOT EXISTS (SELECT 1 FROM writer_open)
 AND (OLD.kind = 'system' OR NEW.kind = 'system' OR EXISTS (
   SELECT 1 FROM users WHERE kind = 'system' AND (user_id = NEW.user_id OR client_id = NEW.client_id)))
BEGIN SELECT RAISE(ABORT, 'system users hold still: only the platform changes them'); END;

CREATE TRIGGER users_delete_guard BEFORE DELETE ON users
WHEN OLD.kind = 'system' AND NOT EXISTS (SELECT 1 FROM writer_open)
BEGIN SELECT RAISE(ABORT, 'system users hold still: only the platform changes them'); END;

CREATE TRIGGER users_identity_guard BEFORE UPDATE OF user_id, kind ON users
WHEN OLD.kind <> NEW.kind OR OLD.user_id <> NEW.user_id
BEGIN SELECT RAISE(ABORT, 'user_id and kind of a user never change'); END;

CREATE TRIGGER grants_insert_guard BEFORE INSERT ON grants
WHEN NOT EXISTS (SELECT 1 FROM writer_open)
 AND EXISTS (SELECT 1 FROM users WHERE kind = 'system' AND user_id IN (NEW.user_id))
BEGIN SELECT RAISE(ABORT, 'system users hold still: only the platform changes them'); END;

CREATE TRIGGER grants_update_guard BEFORE UPDATE ON grants
WHEN NOT EXISTS (SELECT 1 FROM writer_open)
 AND EXISTS (SELECT 1 FROM users WHERE kind = 'system' AND user_id IN (OLD.user_id, NEW.user_id))
BEGIN SELECT RAISE(ABORT, 'system users hold still: only the platform changes them'); END;

CREATE TRIGGER grants_delete_guard BEFORE DELETE ON grants
WHEN NOT EXISTS (SELECT 1 FROM writer_open)
 AND EXISTS (SELECT 1 FROM users WHERE kind = 'system' AND user_id IN (OLD.user_id))
BEGIN SELECT RAISE(ABORT, 'system users hold still: only the platform changes them'); END;

CREATE TRIGGER tags_insert_guard BEFORE INSERT ON tags
WHEN NOT EXISTS (SELECT 1 FROM writer_open)
 AND EXISTS (SELECT 1 FROM users WHERE kind = 'system' AND user_id IN (NEW.user_id))
BEGIN SELECT RAISE(ABORT, 'system users hold still: only the platform changes them'); END;

CREATE TRIGGER tags_update_guard BEFORE UPDATE ON tags
WHEN NOT EXISTS (SELECT 1 FROM writer_open)
 AND EXISTS (SELECT 1 FROM users WHERE kind = 'system' AND user_id IN (OLD.user_id, NEW.user_id))
BEGIN SELECT RAISE(ABORT, 'system users hold still: only the platform changes them'); END;

CREATE TRIGGER tags_delete_guard BEFORE DELETE ON tags
WHEN NOT EXISTS (SELECT 1 FROM writer_open)
 AND EXISTS (SELECT 1 FROM users WHERE kind = 'system' AND user_id IN (OLD.user_id))
BEGIN SELECT RAISE(ABORT, 'system users hold still: only the platform changes them'); END;

CREATE TRIGGER credential_versions_insert_guard BEFORE INSERT ON credential_versions
WHEN NOT EXISTS (SELECT 1 FROM writer_open)
 AND EXISTS (SELECT 1 FROM users WHERE kind = 'system' AND user_id IN (NEW.user_id))
BEGIN SELECT RAISE(ABORT, 'system users hold still: only the platform changes them'); END;

CREATE TRIGGER credential_versions_update_guard BEFORE UPDATE ON credential_versions
WHEN NOT EXISTS (SELECT 1 FROM writer_open)
 AND EXISTS (SELECT 1 FROM users WHERE kind = 'system' AND user_id IN (OLD.user_id, NEW.user_id))
BEGIN SELECT RAISE(ABORT, 'system users hold still: only the platform changes them'); END;

CREATE TRIGGER credential_versions_delete_guard BEFORE DELETE ON credential_versions
WHEN NOT EXISTS (SELECT 1 FROM writer_open)
 AND EXISTS (SELECT 1 FROM users WHERE kind = 'system' AND user_id IN (OLD.user_id))
BEGIN SELECT RAISE(ABORT, 'system users hold still: only the platform changes them'); END;

-- --- References hold, and nobody is replaced unseen, also in a shell with foreign keys off --------
-- (the sqlite3 shell's default; and REPLACE removes a row without its DELETE trigger)
CREATE TRIGGER grants_insert_reference BEFORE INSERT ON grants
WHEN NOT EXISTS (SELECT 1 FROM users WHERE user_id = NEW.user_id)
BEGIN SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: no such user'); END;

CREATE TRIGGER grants_update_reference BEFORE UPDATE ON grants
WHEN NOT EXISTS (SELECT 1 FROM users WHERE user_id = NEW.user_id)
BEGIN SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: no such user'); END;

CREATE TRIGGER tags_insert_reference BEFORE INSERT ON tags
WHEN NOT EXISTS (SELECT 1 FROM users WHERE user_id = NEW.user_id)
BEGIN SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: no such user'); END;

CREATE TRIGGER tags_update_reference BEFORE UPDATE ON tags
WHEN NOT EXISTS (SELECT 1 FROM users WHERE user_id = NEW.user_id)
BEGIN SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: no such user'); END;

CREATE TRIGGER credential_versions_insert_reference BEFORE INSERT ON credential_versions
WHEN NOT EXISTS (SELECT 1 FROM users WHERE user_id = NEW.user_id)
BEGIN SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: no such user'); END;

CREATE TRIGGER credential_versions_update_reference BEFORE UPDATE ON credential_versions
WHEN NOT EXISTS (SELECT 1 FROM users WHERE user_id = NEW.user_id)
BEGIN SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: no such user'); END;

CREATE TRIGGER users_delete_reference BEFORE DELETE ON users
WHEN (OLD.kind <> 'system' OR EXISTS (SELECT 1 FROM writer_open))
 AND (EXISTS (SELECT 1 FROM grants WHERE user_id = OLD.user_id)
   OR EXISTS (SELECT 1 FROM tags WHERE user_id = OLD.user_id)
   OR EXISTS (SELECT 1 FROM credential_versions WHERE user_id = OLD.user_id))
BEGIN SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: grants, tags and credentials go first'); END;

CREATE TRIGGER grants_insert_scope BEFORE INSERT ON grants
WHEN NOT EXISTS (SELECT 1 FROM scopes WHERE name = NEW.scope)
BEGIN SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: no such scope'); END;
CREATE TRIGGER grants_update_scope BEFORE UPDATE ON grants
WHEN NOT EXISTS (SELECT 1 FROM scopes WHERE name = NEW.scope)
BEGIN SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: no such scope'); END;
CREATE TRIGGER scopes_delete_reference BEFORE DELETE ON scopes
WHEN EXISTS (SELECT 1 FROM grants WHERE scope = OLD.name)
BEGIN SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: the scope is granted'); END;
CREATE TRIGGER scopes_update_reference BEFORE UPDATE OF name ON scopes
WHEN OLD.name <> NEW.name AND EXISTS (SELECT 1 FROM grants WHERE scope IN (OLD.name, NEW.name))
BEGIN SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: the scope is granted'); END;

CREATE TRIGGER users_insert_place BEFORE INSERT ON users
WHEN NEW.standing <> 'unowned' AND EXISTS (
  SELECT 1 FROM users WHERE kind = NEW.kind AND cluster = NEW.cluster AND namespace = NEW.namespace
     AND name = NEW.name AND standing <> 'unowned' AND user_id <> NEW.user_id)
BEGIN SELECT RAISE(ABORT, 'UNIQUE constraint failed: another user belongs to this resource'); END;
CREATE TRIGGER users_update_place BEFORE UPDATE OF kind, standing, cluster, namespace, name ON users
WHEN NEW.standing <> 'unowned' AND EXISTS (
  SELECT 1 FROM users WHERE kind = NEW.kind AND cluster = NEW.cluster AND namespace = NEW.namespace
     AND name = NEW.name AND standing <> 'unowned' AND user_id NOT IN (NEW.user_id, OLD.user_id))
BEGIN SELECT RAISE(ABORT, 'UNIQUE constraint failed: another user belongs to this resource'); END;

CREATE TRIGGER credential_versions_insert_current BEFORE INSERT ON credential_versions
WHEN NEW.state = 'delivered' AND NEW.valid_until IS NULL AND EXISTS (
  SELECT 1 FROM credential_versions WHERE user_id = NEW.user_id AND state = 'delivered' AND valid_until IS NULL)
BEGIN SELECT RAISE(ABORT, 'UNIQUE constraint failed: there is a current credential version'); END;
CREATE TRIGGER credential_versions_update_current BEFORE UPDATE ON credential_versions
WHEN NEW.state = 'delivered' AND NEW.valid_until IS NULL AND EXISTS (
  SELECT 1 FROM credential_versions WHERE user_id = NEW.user_id AND state = 'delivered' AND valid_until IS NULL
     AND number <> OLD.number)
BEGIN SELECT RAISE(ABORT, 'UNIQUE constraint failed: there is a current credential version'); END;

-- --- Client IDs are somebody's for ever ----------------------------------------------------------
CREATE TRIGGER users_client_id_insert AFTER INSERT ON users
BEGIN
  SELECT RAISE(ABORT, 'the client ID is or was another user''s')
   WHERE EXISTS (SELECT 1 FROM client_ids WHERE client_id = NEW.client_id AND user_id <> NEW.user_id);
  INSERT INTO client_ids (client_id, user_id) SELECT NEW.client_id, NEW.user_id
   WHERE NOT EXISTS (SELECT 1 FROM client_ids WHERE client_id = NEW.client_id);
END;

CREATE TRIGGER users_client_id_update AFTER UPDATE OF client_id ON users WHEN OLD.client_id <> NEW.client_id
BEGIN
  SELECT RAISE(ABORT, 'the client ID is or was another user''s')
   WHERE EXISTS (SELECT 1 FROM client_ids WHERE client_id = NEW.client_id AND user_id <> NEW.user_id);
  INSERT INTO client_ids (client_id, user_id) SELECT NEW.client_id, NEW.user_id
   WHERE NOT EXISTS (SELECT 1 FROM client_ids WHERE client_id = NEW.client_id);
END;

CREATE TRIGGER client_ids_insert_guard BEFORE INSERT ON client_ids
WHEN EXISTS (SELECT 1 FROM client_ids WHERE client_id = NEW.client_id)
BEGIN SELECT RAISE(ABORT, 'client IDs are taken for ever'); END;
CREATE TRIGGER client_ids_update_guard BEFORE UPDATE ON client_ids
BEGIN SELECT RAISE(ABORT, 'client IDs are taken for ever'); END;
CREATE TRIGGER client_ids_delete_guard BEFORE DELETE ON client_ids
BEGIN SELECT RAISE(ABORT, 'client IDs are taken for ever'); END;

-- --- Credential versions: what a version may become ----------------------------------------------
CREATE TRIGGER credential_versions_transition BEFORE UPDATE ON credential_versions
WHEN NEW.user_id <> OLD.user_id OR NEW.number <> OLD.number OR NEW.hash <> OLD.hash
  OR NEW.issued_at <> OLD.issued_at OR NEW.for_absent <> OLD.for_absent
  OR NEW.rotation_request <> OLD.rotation_request
  OR (OLD.state = 'revoked' AND NEW.state <> 'revoked')
  OR (OLD.state = 'delivered' AND NEW.state = 'issued')
BEGIN SELECT RAISE(ABORT, 'a credential version goes from issued to delivered to revoked, and is otherwise as it was made'); END;

-- An end is set once; only an acceptance that has not ended may lose it, by being delivered (again).
CREATE TRIGGER credential_versions_end BEFORE UPDATE ON credential_versions
WHEN OLD.valid_until IS NOT NULL AND NEW.valid_until IS NOT OLD.valid_until
 AND NOT (NEW.state = 'delivered' AND NEW.valid_until IS NULL AND EXISTS (SELECT 1 FROM writer_open))
 AND NOT (NEW.valid_until IS NOT NULL AND NEW.valid_until < OLD.valid_until)
BEGIN SELECT RAISE(ABORT, 'the end of a credential version is not put off'); END;

CREATE TRIGGER credential_versions_replace_guard BEFORE INSERT ON credential_versions
WHEN EXISTS (SELECT 1 FROM credential_versions WHERE user_id = NEW.user_id AND number = NEW.number)
BEGIN SELECT RAISE(ABORT, 'a credential version is never replaced'); END;

CREATE TRIGGER credential_versions_revoked_first BEFORE DELETE ON credential_versions
WHEN OLD.state <> 'revoked'
BEGIN SELECT RAISE(ABORT, 'a credential version is revoked before it is removed'); END;

-- --- The trail is append-only --------------------------------------------------------------------
CREATE TRIGGER activity_insert_guard BEFORE INSERT ON activity
WHEN NEW.number <> (SELECT number + 1 FROM activity_head)
  OR EXISTS (SELECT 1 FROM activity WHERE number = NEW.number)
  OR (NEW.hash <> '' AND NOT EXISTS (SELECT 1 FROM writer_open))
BEGIN SELECT RAISE(ABORT, 'the activity is append-only'); END;
CREATE TRIGGER activity_insert_head AFTER INSERT ON activity
BEGIN UPDATE activity_head SET number = NEW.number; END;
CREATE TRIGGER activity_update_guard BEFORE UPDATE ON activity
WHEN OLD.hash <> '' OR NOT EXISTS (SELECT 1 FROM writer_open)
  OR NEW.number <> OLD.number OR NEW.at <> OLD.at OR NEW.user_id <> OLD.user_id OR NEW.cluster <> OLD.cluster
  OR NEW.kind <> OLD.kind OR NEW.namespace <> OLD.namespace OR NEW.name <> OLD.name
  OR NEW.actor <> OLD.actor OR NEW.cause <> OLD.cause OR NEW.action <> OLD.action
  OR NEW.before <> OLD.before OR NEW.after <> OLD.after OR NEW.writer <> OLD.writer
BEGIN SELECT RAISE(ABORT, 'the activity is append-only'); END;
CREATE TRIGGER activity_delete_guard BEFORE DELETE ON activity
BEGIN SELECT RAISE(ABORT, 'the activity is append-only'); END;
CREATE TRIGGER activity_head_insert_guard BEFORE INSERT ON activity_head
BEGIN SELECT RAISE(ABORT, 'the activity is append-only'); END;
CREATE TRIGGER activity_head_update_guard BEFORE UPDATE ON activity_head
WHEN NEW.one <> OLD.one OR NEW.number < OLD.number OR NEW.sealed < OLD.sealed
  OR NEW.number <> (SELECT coalesce(max(number), 0) FROM activity)
  OR (NEW.hash <> OLD.hash AND NOT EXISTS (SELECT 1 FROM writer_open))
BEGIN SELECT RAISE(ABORT, 'the activity is append-only'); END;
CREATE TRIGGER activity_head_delete_guard BEFORE DELETE ON activity_head
BEGIN SELECT RAISE(ABORT, 'the activity is append-only'); END;

-- --- What outside hands change is told -----------------------------------------------------------

CREATE TRIGGER users_insert_told AFTER INSERT ON users WHEN NOT EXISTS (SELECT 1 FROM writer_open)
BEGIN
  INSERT INTO activity (number, at, user_id, cluster, kind, namespace, name, actor, cause, action, before, after)
  SELECT number + 1, CAST(round((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER) * 1000,
         NEW.user_id, NEW.cluster, CASE NEW.kind WHEN 'system' THEN 'SystemIntegrationUser' ELSE 'IntegrationUser' END,
         NEW.namespace, NEW.name, 'outside', 'outside', 'UserInsertOutside',
         '',
         json_object('kind', NEW.kind, 'client_id', NEW.client_id, 'standing', NEW.standing, 'cluster', NEW.cluster, 'namespace', NEW.namespace, 'name', NEW.name, 'uid', NEW.uid, 'generation', NEW.generation, 'released_to', NEW.released_to, 'predecessor', NEW.predecessor, 'display_name', NEW.display_name, 'description', NEW.description, 'active', NEW.active, 'spec', NEW.spec, 'hold_reason', NEW.hold_reason, 'hold_since', NEW.hold_since)
    FROM activity_head;
END;

CREATE TRIGGER users_update_told AFTER UPDATE ON users WHEN NOT EXISTS (SELECT 1 FROM writer_open)
BEGIN
  INSERT INTO activity (number, at, user_id, cluster, kind, namespace, name, actor, cause, action, before, after)
  SELECT number + 1, CAST(round((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER) * 1000,
         NEW.user_id, NEW.cluster, CASE NEW.kind WHEN 'system' THEN 'SystemIntegrationUser' ELSE 'IntegrationUser' END,
         NEW.namespace, NEW.name, 'outside', 'outside', 'UserUpdateOutside',
         json_object('kind', OLD.kind, 'client_id', OLD.client_id, 'standing', OLD.standing, 'cluster', OLD.cluster, 'namespace', OLD.namespace, 'name', OLD.name, 'uid', OLD.uid, 'generation', OLD.generation, 'released_to', OLD.released_to, 'predecessor', OLD.predecessor, 'display_name', OLD.display_name, 'description', OLD.description, 'active', OLD.active, 'spec', OLD.spec, 'hold_reason', OLD.hold_reason, 'hold_since', OLD.hold_since),
         json_object('kind', NEW.kind, 'client_id', NEW.client_id, 'standing', NEW.standing, 'cluster', NEW.cluster, 'namespace', NEW.namespace, 'name', NEW.name, 'uid', NEW.uid, 'generation', NEW.generation, 'released_to', NEW.released_to, 'predecessor', NEW.predecessor, 'display_name', NEW.display_name, 'description', NEW.description, 'active', NEW.active, 'spec', NEW.spec, 'hold_reason', NEW.hold_reason, 'hold_since', NEW.hold_since)
    FROM activity_head;
END;

CREATE TRIGGER users_delete_told AFTER DELETE ON users WHEN NOT EXISTS (SELECT 1 FROM writer_open)
BEGIN
  INSERT INTO activity (number, at, user_id, cluster, kind, namespace, name, actor, cause, action, before, after)
  SELECT number + 1, CAST(round((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER) * 1000,
         OLD.user_id, OLD.cluster, CASE OLD.kind WHEN 'system' THEN 'SystemIntegrationUser' ELSE 'IntegrationUser' END,
         OLD.namespace, OLD.name, 'outside', 'outside', 'UserDeleteOutside',
         json_object('kind', OLD.kind, 'client_id', OLD.client_id, 'standing', OLD.standing, 'cluster', OLD.cluster, 'namespace', OLD.namespace, 'name', OLD.name, 'uid', OLD.uid, 'generation', OLD.generation, 'released_to', OLD.released_to, 'predecessor', OLD.predecessor, 'display_name', OLD.display_name, 'description', OLD.description, 'active', OLD.active, 'spec', OLD.spec, 'hold_reason', OLD.hold_reason, 'hold_since', OLD.hold_since),
         ''
    FROM activity_head;
END;

CREATE TRIGGER grants_insert_told AFTER INSERT ON grants WHEN NOT EXISTS (SELECT 1 FROM writer_open)
BEGIN
  INSERT INTO activity (number, at, user_id, cluster, kind, namespace, name, actor, cause, action, before, after)
  SELECT activity_head.number + 1, CAST(round((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER) * 1000,
         NEW.user_id, coalesce(cluster, ''), coalesce(CASE kind WHEN 'system' THEN 'SystemIntegrationUser' ELSE 'IntegrationUser' END, ''),
         coalesce(namespace, ''), coalesce(name, ''), 'outside', 'outside', 'GrantInsertOutside',
         '', json_object('scope', NEW.scope)
    FROM activity_head LEFT JOIN users ON users.user_id = NEW.user_id;
END;

CREATE TRIGGER grants_update_told AFTER UPDATE ON grants WHEN NOT EXISTS (SELECT 1 FROM writer_open)
BEGIN
  INSERT INTO activity (number, at, user_id, cluster, kind, namespace, name, actor, cause, action, before, after)
  SELECT activity_head.number + 1, CAST(round((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER) * 1000,
         NEW.user_id, coalesce(cluster, ''), coalesce(CASE kind WHEN 'system' THEN 'SystemIntegrationUser' ELSE 'IntegrationUser' END, ''),
         coalesce(namespace, ''), coalesce(name, ''), 'outside', 'outside', 'GrantUpdateOutside',
         json_object('scope', OLD.scope), json_object('scope', NEW.scope)
    FROM activity_head LEFT JOIN users ON users.user_id = NEW.user_id;
END;

CREATE TRIGGER grants_delete_told AFTER DELETE ON grants WHEN NOT EXISTS (SELECT 1 FROM writer_open)
BEGIN
  INSERT INTO activity (number, at, user_id, cluster, kind, namespace, name, actor, cause, action, before, after)
  SELECT activity_head.number + 1, CAST(round((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER) * 1000,
         OLD.user_id, coalesce(cluster, ''), coalesce(CASE kind WHEN 'system' THEN 'SystemIntegrationUser' ELSE 'IntegrationUser' END, ''),
         coalesce(namespace, ''), coalesce(name, ''), 'outside', 'outside', 'GrantDeleteOutside',
         json_object('scope', OLD.scope), ''
    FROM activity_head LEFT JOIN users ON users.user_id = OLD.user_id;
END;

CREATE TRIGGER tags_insert_told AFTER INSERT ON tags WHEN NOT EXISTS (SELECT 1 FROM writer_open)
BEGIN
  INSERT INTO activity (number, at, user_id, cluster, kind, namespace, name, actor, cause, action, before, after)
  SELECT activity_head.number + 1, CAST(round((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER) * 1000,
         NEW.user_id, coalesce(cluster, ''), coalesce(CASE kind WHEN 'system' THEN 'SystemIntegrationUser' ELSE 'IntegrationUser' END, ''),
         coalesce(namespace, ''), coalesce(name, ''), 'outside', 'outside', 'TagInsertOutside',
         '', json_object('tag', NEW.tag)
    FROM activity_head LEFT JOIN users ON users.user_id = NEW.user_id;
END;

CREATE TRIGGER tags_update_told AFTER UPDATE ON tags WHEN NOT EXISTS (SELECT 1 FROM writer_open)
BEGIN
  INSERT INTO activity (number, at, user_id, cluster, kind, namespace, name, actor, cause, action, before, after)
  SELECT activity_head.number + 1, CAST(round((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER) * 1000,
         NEW.user_id, coalesce(cluster, ''), coalesce(CASE kind WHEN 'system' THEN 'SystemIntegrationUser' ELSE 'IntegrationUser' END, ''),
         coalesce(namespace, ''), coalesce(name, ''), 'outside', 'outside', 'TagUpdateOutside',
         json_object('tag', OLD.tag), json_object('tag', NEW.tag)
    FROM activity_head LEFT JOIN users ON users.user_id = NEW.user_id;
END;

CREATE TRIGGER tags_delete_told AFTER DELETE ON tags WHEN NOT EXISTS (SELECT 1 FROM writer_open)
BEGIN
  INSERT INTO activity (number, at, user_id, cluster, kind, namespace, name, actor, cause, action, before, after)
  SELECT activity_head.number + 1, CAST(round((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER) * 1000,
         OLD.user_id, coalesce(cluster, ''), coalesce(CASE kind WHEN 'system' THEN 'SystemIntegrationUser' ELSE 'IntegrationUser' END, ''),
         coalesce(namespace, ''), coalesce(name, ''), 'outside', 'outside', 'TagDeleteOutside',
         json_object('tag', OLD.tag), ''
    FROM activity_head LEFT JOIN users ON users.user_id = OLD.user_id;
END;

CREATE TRIGGER credential_versions_insert_told AFTER INSERT ON credential_versions WHEN NOT EXISTS (SELECT 1 FROM writer_open)
BEGIN
  INSERT INTO activity (number, at, user_id, cluster, kind, namespace, name, actor, cause, action, before, after)
  SELECT activity_head.number + 1, CAST(round((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER) * 1000,
         NEW.user_id, coalesce(cluster, ''), coalesce(CASE kind WHEN 'system' THEN 'SystemIntegrationUser' ELSE 'IntegrationUser' END, ''),
         coalesce(namespace, ''), coalesce(name, ''), 'outside', 'outside', 'CredentialInsertOutside',
         '', json_object('number', NEW.number, 'state', NEW.state, 'issued_at', NEW.issued_at, 'delivered_at', NEW.delivered_at, 'valid_until', NEW.valid_until, 'for_absent', NEW.for_absent, 'rotation_request', NEW.rotation_request)
    FROM activity_head LEFT JOIN users ON users.user_id = NEW.user_id;
END;

CREATE TRIGGER credential_versions_update_told AFTER UPDATE ON credential_versions WHEN NOT EXISTS (SELECT 1 FROM writer_open)
BEGIN
  INSERT INTO activity (number, at, user_id, cluster, kind, namespace, name, actor, cause, action, before, after)
  SELECT activity_head.number + 1, CAST(round((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER) * 1000,
         NEW.user_id, coalesce(cluster, ''), coalesce(CASE kind WHEN 'system' THEN 'SystemIntegrationUser' ELSE 'IntegrationUser' END, ''),
         coalesce(namespace, ''), coalesce(name, ''), 'outside', 'outside', 'CredentialUpdateOutside',
         json_object('number', OLD.number, 'state', OLD.state, 'issued_at', OLD.issued_at, 'delivered_at', OLD.delivered_at, 'valid_until', OLD.valid_until, 'for_absent', OLD.for_absent, 'rotation_request', OLD.rotation_request), json_object('number', NEW.number, 'state', NEW.state, 'issued_at', NEW.issued_at, 'delivered_at', NEW.delivered_at, 'valid_until', NEW.valid_until, 'for_absent', NEW.for_absent, 'rotation_request', NEW.rotation_request)
    FROM activity_head LEFT JOIN users ON users.user_id = NEW.user_id;
END;

CREATE TRIGGER credential_versions_delete_told AFTER DELETE ON credential_versions WHEN NOT EXISTS (SELECT 1 FROM writer_open)
BEGIN
  INSERT INTO activity (number, at, user_id, cluster, kind, namespace, name, actor, cause, action, before, after)
  SELECT activity_head.number + 1, CAST(round((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER) * 1000,
         OLD.user_id, coalesce(cluster, ''), coalesce(CASE kind WHEN 'system' THEN 'SystemIntegrationUser' ELSE 'IntegrationUser' END, ''),
         coalesce(namespace, ''), coalesce(name, ''), 'outside', 'outside', 'CredentialDeleteOutside',
         json_object('number', OLD.number, 'state', OLD.state, 'issued_at', OLD.issued_at, 'delivered_at', OLD.delivered_at, 'valid_until', OLD.valid_until, 'for_absent', OLD.for_absent, 'rotation_request', OLD.rotation_request), ''
    FROM activity_head LEFT JOIN users ON users.user_id = OLD.user_id;
END;

CREATE TRIGGER scopes_insert_told AFTER INSERT ON scopes WHEN NOT EXISTS (SELECT 1 FROM writer_open)
BEGIN
  INSERT INTO activity (number, at, kind, name, actor, cause, action, before, after)
  SELECT number + 1, CAST(round((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER) * 1000,
         'Scope', NEW.name, 'outside', 'outside', 'ScopeInsertOutside',
         '',
         json_object('display_name', NEW.display_name, 'description', NEW.description, 'tool', NEW.tool, 'permissions', NEW.permissions, 'deprecated', NEW.deprecated)
    FROM activity_head;
END;

CREATE TRIGGER scopes_update_told AFTER UPDATE ON scopes WHEN NOT EXISTS (SELECT 1 FROM writer_open)
BEGIN
  INSERT INTO activity (number, at, kind, name, actor, cause, action, before, after)
  SELECT number + 1, CAST(round((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER) * 1000,
         'Scope', NEW.name, 'outside', 'outside', 'ScopeUpdateOutside',
         json_object('display_name', OLD.display_name, 'description', OLD.description, 'tool', OLD.tool, 'permissions', OLD.permissions, 'deprecated', OLD.deprecated),
         json_object('display_name', NEW.display_name, 'description', NEW.description, 'tool', NEW.tool, 'permissions', NEW.permissions, 'deprecated', NEW.deprecated)
    FROM activity_head;
END;

CREATE TRIGGER scopes_delete_told AFTER DELETE ON scopes WHEN NOT EXISTS (SELECT 1 FROM writer_open)
BEGIN
  INSERT INTO activity (number, at, kind, name, actor, cause, action, before, after)
  SELECT number + 1, CAST(round((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER) * 1000,
         'Scope', OLD.name, 'outside', 'outside', 'ScopeDeleteOutside',
         json_object('display_name', OLD.display_name, 'description', OLD.description, 'tool', OLD.tool, 'permissions', OLD.permissions, 'deprecated', OLD.deprecated),
         ''
    FROM activity_head;
END;
