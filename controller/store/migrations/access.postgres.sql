-- Who may do what. Idempotent; run by the schema's owner after the migrations, for the roles that exist.
--
-- neoid_controller  everything that a reconciler does, to rows of custom users
-- neoid_platform    the same to rows of system users (the guards of the schema let nobody else)
-- neoid_token       decides about tokens: reads (of the trail what the feed needs, no content), writes last_used
--                   and its own signing keys and revocations
-- neoid_auditor     reads identities and the trail, no hashes, no keys
-- neoid_admin       custom users: reads them, edits their texts, grants and tags; sees no system user, and
--                   not the trail, which would tell of them
DO $$
DECLARE
  part text;
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'neoid_controller')
     AND EXISTS (SELECT FROM pg_roles WHERE rolname = 'neoid_platform') THEN
    FOREACH part IN ARRAY ARRAY['neoid_controller', 'neoid_platform'] LOOP
      EXECUTE format('GRANT USAGE ON SCHEMA neoid TO %I', part);
      EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA neoid TO %I', part);
      EXECUTE format('GRANT INSERT, UPDATE, DELETE ON neoid.users, neoid.grants, neoid.tags, '
                     'neoid.credential_versions, neoid.scopes, neoid.last_used TO %I', part);
      EXECUTE format('GRANT INSERT, UPDATE ON neoid.epochs TO %I', part);
      EXECUTE format('GRANT INSERT ON neoid.activity TO %I', part);
      EXECUTE format('GRANT UPDATE ON neoid.activity_head TO %I', part);
      EXECUTE format('GRANT INSERT, DELETE ON neoid.signing_keys, neoid.token_revocations TO %I', part);
      EXECUTE format('GRANT UPDATE ON neoid.token_state TO %I', part);
    END LOOP;
    FOREACH part IN ARRAY ARRAY['users', 'grants', 'tags', 'credential_versions'] LOOP
      EXECUTE format('DROP POLICY IF EXISTS platform_sees_all ON neoid.%I', part);
      EXECUTE format('CREATE POLICY platform_sees_all ON neoid.%I TO neoid_controller, neoid_platform '
                     'USING (true) WITH CHECK (true)', part);
    END LOOP;
  END IF;

  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'neoid_token') THEN
    GRANT USAGE ON SCHEMA neoid TO neoid_token;
    GRANT SELECT ON neoid.users, neoid.grants, neoid.scopes, neoid.credential_versions, neoid.last_used,
                    neoid.schema_migrations TO neoid_token;
    GRANT INSERT, UPDATE ON neoid.last_used TO neoid_token;
    GRANT SELECT (number, user_id, cluster, kind, namespace, name, actor, action, writer)
      ON neoid.activity TO neoid_token;
    GRANT SELECT (one, number) ON neoid.activity_head TO neoid_token;
    GRANT SELECT, INSERT, DELETE ON neoid.signing_keys, neoid.token_revocations TO neoid_token;
    GRANT SELECT, UPDATE ON neoid.token_state TO neoid_token;
    FOREACH part IN ARRAY ARRAY['users', 'grants', 'credential_versions'] LOOP
      EXECUTE format('DROP POLICY IF EXISTS token_sees_all ON neoid.%I', part);
      EXECUTE format('CREATE POLICY token_sees_all ON neoid.%I FOR SELECT TO neoid_token USING (true)', part);
    END LOOP;
  END IF;

  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'neoid_auditor') THEN
    GRANT USAGE ON SCHEMA neoid TO neoid_auditor;
    GRANT SELECT ON neoid.users, neoid.grants, neoid.tags, neoid.scopes, neoid.activity,
                    neoid.activity_head, neoid.last_used, neoid.client_ids, neoid.integration_users,
                    neoid.schema_migrations TO neoid_auditor;
    GRANT SELECT (user_id, number, state, issued_at, delivered_at, valid_until, for_absent, rotation_request)
      ON neoid.credential_versions TO neoid_auditor;
    FOREACH part IN ARRAY ARRAY['users', 'grants', 'tags', 'credential_versions'] LOOP
      EXECUTE format('DROP POLICY IF EXISTS auditor_sees_all ON neoid.%I', part);
      EXECUTE format('CREATE POLICY auditor_sees_all ON neoid.%I FOR SELECT TO neoid_auditor USING (true)', part);
    END LOOP;
  END IF;

  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'neoid_admin') THEN
    GRANT USAGE ON SCHEMA neoid TO neoid_admin;
    GRANT SELECT ON neoid.users, neoid.grants, neoid.tags, neoid.scopes, neoid.integration_users TO neoid_admin;
    GRANT UPDATE (display_name, description, active) ON neoid.users TO neoid_admin;
    GRANT INSERT, DELETE ON neoid.grants, neoid.tags TO neoid_admin;
    GRANT SELECT (user_id, number, state, issued_at, delivered_at, valid_until)
      ON neoid.credential_versions TO neoid_admin;
    DROP POLICY IF EXISTS admin_sees_custom ON neoid.users;
    CREATE POLICY admin_sees_custom ON neoid.users TO neoid_admin
      USING (kind = 'custom') WITH CHECK (kind = 'custom');
    FOREACH part IN ARRAY ARRAY['grants', 'tags', 'credential_versions'] LOOP
      EXECUTE format('DROP POLICY IF EXISTS admin_sees_custom ON neoid.%I', part);
      EXECUTE format('CREATE POLICY admin_sees_custom ON neoid.%1$I TO neoid_admin '
                     'USING (EXISTS (SELECT FROM neoid.users u WHERE u.user_id = %1$I.user_id)) '
                     'WITH CHECK (EXISTS (SELECT FROM neoid.users u WHERE u.user_id = %1$I.user_id))', part);
    END LOOP;
  END IF;

  REVOKE EXECUTE ON FUNCTION neoid.is_system(uuid[]) FROM PUBLIC;
  FOREACH part IN ARRAY ARRAY['neoid_controller', 'neoid_platform', 'neoid_admin'] LOOP
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = part) THEN
      EXECUTE format('GRANT EXECUTE ON FUNCTION neoid.is_system(uuid[]) TO %I', part);
    END IF;
  END LOOP;
END $$;
