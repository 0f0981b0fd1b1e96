-- What proves who somebody is leaves the tables that every tenant's code may read. The API reaches
-- it by a login of its own; deploy/provision.sql makes it, and has to run before this.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'insightdesk_identity' AND rolcanlogin) THEN
    RAISE EXCEPTION 'There is no login insightdesk_identity'
      USING HINT = 'Run deploy/provision.sql again, as a superuser';
  END IF;
END $$;
--> statement-breakpoint
CREATE SCHEMA identity;
--> statement-breakpoint
CREATE TABLE identity.credentials (
  user_id uuid PRIMARY KEY,
  password_hash text NOT NULL,
  changed_at timestamp (3) with time zone NOT NULL DEFAULT now(),
  CONSTRAINT credentials_user_id_users_id_fk FOREIGN KEY (user_id) REFERENCES public.users (id)
    ON DELETE CASCADE
);
--> statement-breakpoint
-- Failures since the last success, of an account from one address and (address '') from all.
CREATE TABLE identity.sign_in_attempts (
  account text NOT NULL,
  address text NOT NULL,
  failures integer NOT NULL,
  last_at timestamp (3) with time zone NOT NULL DEFAULT now(),
  blocked_until timestamp (3) with time zone,
  succeeded_at timestamp (3) with time zone,
  CONSTRAINT sign_in_attempts_account_address_pk PRIMARY KEY (account, address)
);
--> statement-breakpoint
CREATE INDEX sign_in_attempts_last ON identity.sign_in_attempts USING btree (last_at);
--> statement-breakpoint
INSERT INTO identity.credentials (user_id, password_hash) SELECT id, password_hash FROM users;
--> statement-breakpoint
ALTER TABLE users ALTER COLUMN password_hash DROP NOT NULL;
--> statement-breakpoint
UPDATE users SET password_hash = NULL;
--> statement-breakpoint
-- The column stays as a letter box: whoever adds a person, the release before this one too, drops
-- its hash there in the same transaction. Nobody finds it there afterwards, and for a person who is
-- there already nothing can be dropped.
CREATE FUNCTION identity.take_hash() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  INSERT INTO identity.credentials (user_id, password_hash) VALUES (NEW.id, NEW.password_hash);
  UPDATE public.users SET password_hash = NULL WHERE id = NEW.id;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE FUNCTION identity.refuse_hash() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'passwords are changed in identity.credentials'
    USING ERRCODE = 'insufficient_privilege';
END $$;
--> statement-breakpoint
REVOKE ALL ON FUNCTION identity.take_hash(), identity.refuse_hash() FROM PUBLIC;
--> statement-breakpoint
CREATE TRIGGER take_hash AFTER INSERT ON users FOR EACH ROW
  WHEN (NEW.password_hash IS NOT NULL) EXECUTE FUNCTION identity.take_hash();
--> statement-breakpoint
CREATE TRIGGER refuse_hash BEFORE UPDATE ON users FOR EACH ROW
  WHEN (NEW.password_hash IS NOT NULL) EXECUTE FUNCTION identity.refuse_hash();
--> statement-breakpoint
GRANT USAGE ON SCHEMA identity, app TO insightdesk_identity;
--> statement-breakpoint
GRANT SELECT ON users TO insightdesk_identity;
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE, DELETE ON identity.credentials, identity.sign_in_attempts
  TO insightdesk_identity;
--> statement-breakpoint
-- The clock forgets attempts that are long past.
GRANT USAGE ON SCHEMA identity TO insightdesk_relay;
--> statement-breakpoint
GRANT SELECT (account, address, last_at), DELETE ON identity.sign_in_attempts TO insightdesk_relay;
--> statement-breakpoint
ALTER TABLE identity.sign_in_attempts ENABLE ROW LEVEL SECURITY;
--> statement-breakpoint
CREATE POLICY counts ON identity.sign_in_attempts TO insightdesk_identity USING (true) WITH CHECK (true);
--> statement-breakpoint
CREATE POLICY purge ON identity.sign_in_attempts TO insightdesk_relay
  USING (last_at < now() - interval '30 days');
--> statement-breakpoint
-- What tokens are signed with, sealed by ENCRYPTION_KEY; without `sealed` it is JWT_SECRET itself.
-- Everybody has to check tokens; new keys come by the identity's login alone.
CREATE TABLE signing_keys (
  id text PRIMARY KEY,
  sealed text,
  created_at timestamp (3) with time zone NOT NULL DEFAULT now(),
  signs_from timestamp (3) with time zone NOT NULL,
  ends_at timestamp (3) with time zone
);
--> statement-breakpoint
GRANT SELECT ON signing_keys TO insightdesk_app;
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE, DELETE ON signing_keys TO insightdesk_identity;
--> statement-breakpoint
-- Whoever may do less by now is told of where sockets are held, past relay and Valkey: by the rows
-- themselves, so that no writer can forget it. '<tenant> <person>', or '<tenant>' for all of it.
CREATE FUNCTION app.announce_access() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_TABLE_NAME = 'organizations' THEN
    PERFORM pg_notify('access', OLD.id::text);
  ELSE
    PERFORM pg_notify('access', OLD.tenant_id || ' ' || OLD.user_id);
  END IF;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER announce_access AFTER UPDATE OF revoked_at ON sessions FOR EACH ROW
  WHEN (NEW.revoked_at IS DISTINCT FROM OLD.revoked_at) EXECUTE FUNCTION app.announce_access();
--> statement-breakpoint
CREATE TRIGGER announce_deleted AFTER DELETE ON sessions FOR EACH ROW
  WHEN (OLD.revoked_at IS NULL AND OLD.expires_at > now()) EXECUTE FUNCTION app.announce_access();
--> statement-breakpoint
CREATE TRIGGER announce_access AFTER UPDATE OF role, removed_at ON members FOR EACH ROW
  WHEN (NEW.role IS DISTINCT FROM OLD.role OR NEW.removed_at IS DISTINCT FROM OLD.removed_at)
  EXECUTE FUNCTION app.announce_access();
--> statement-breakpoint
CREATE TRIGGER announce_access AFTER UPDATE OF disabled_at ON organizations FOR EACH ROW
  WHEN (NEW.disabled_at IS DISTINCT FROM OLD.disabled_at) EXECUTE FUNCTION app.announce_access();
