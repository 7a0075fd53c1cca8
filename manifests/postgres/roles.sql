-- The roles of neoid's store, once a server. Idempotent; needs CREATEROLE. `neoid store migrate` runs it where
-- it may; elsewhere a database administrator does: psql -f roles.sql.
--
-- None of them logs in: give your logins the role that they need,
--   CREATE ROLE neoid_login LOGIN PASSWORD '...' NOINHERIT;
--   GRANT neoid_controller, neoid_platform TO neoid_login;   -- the controller
--   GRANT neoid_token   TO token_login;                      -- the token service
--   GRANT neoid_auditor TO auditor_login;                    -- reads identities and the trail
--   GRANT neoid_admin   TO admin_login;                      -- custom users only
-- and set, for the controller's login, what ends a paused writer's transaction:
--   ALTER ROLE neoid_login SET idle_in_transaction_session_timeout = '1500ms';
DO $$
DECLARE
  wanted text;
BEGIN
  FOREACH wanted IN ARRAY ARRAY['neoid_controller', 'neoid_platform', 'neoid_token', 'neoid_auditor',
                                'neoid_admin'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
      BEGIN
        EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
      EXCEPTION WHEN duplicate_object OR unique_violation THEN
        NULL;  -- somebody else made it at the same time
      END;
    END IF;
  END LOOP;
END $$;
