-- Row-level security on every table that the services can reach, and one-time tickets for verified addresses.
CREATE TABLE "identity"."staged_emails" (
  "user_id" uuid PRIMARY KEY NOT NULL,
  "ticket" uuid NOT NULL,
  "email" text NOT NULL,
  "staged_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "email_ticket" uuid;--> statement-breakpoint
ALTER TABLE "users" ADD CONSTRAINT "users_email_ticket" CHECK (email_ticket IS NULL);
--> statement-breakpoint
-- The email link that a transaction uses: it sees this link and the account that the link is for.
CREATE FUNCTION app.link_id() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
  RETURN nullif(current_setting('app.link_id', true), '')::uuid;
--> statement-breakpoint
-- Users are global. A transaction sees the members of its tenant, former ones too, its own user, and the account of
-- the link that it uses.
ALTER TABLE users ENABLE ROW LEVEL SECURITY;
--> statement-breakpoint
ALTER TABLE users FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
CREATE POLICY visible ON users TO insightdesk_app
  USING (id = app.user_id()
    OR (SELECT true FROM members m WHERE m.tenant_id = app.tenant_id() AND m.user_id = users.id)
    OR (app.link_id() IS NOT NULL AND EXISTS (SELECT FROM email_links l WHERE l.id = app.link_id()
      AND (l.user_id = users.id OR (l.user_id IS NULL AND l.email = users.email)))))
  WITH CHECK (true);
--> statement-breakpoint
-- Functions and triggers of the schema's owner.
CREATE POLICY owner ON users TO CURRENT_USER USING (true) WITH CHECK (true);
--> statement-breakpoint
CREATE POLICY identity ON users FOR SELECT TO insightdesk_identity USING (true);
--> statement-breakpoint
-- Cleanup finds unverified accounts; it reads neither names nor addresses.
CREATE POLICY unverified ON users TO insightdesk_relay USING (email_verified_at IS NULL);
--> statement-breakpoint
GRANT SELECT (id, email_verified_at, last_checked_at, created_at), UPDATE (last_checked_at) ON users TO insightdesk_relay;
--> statement-breakpoint
-- A service creates unverified accounts. Password, address and verification change by ticket only.
REVOKE INSERT, UPDATE ON users FROM insightdesk_app;
--> statement-breakpoint
GRANT INSERT (id, email, name, password_hash, email_ticket), UPDATE (password_ticket, email_ticket)
  ON users TO insightdesk_app;
--> statement-breakpoint
GRANT INSERT, UPDATE, SELECT (user_id) ON identity.staged_emails TO insightdesk_identity;
--> statement-breakpoint
GRANT SELECT (user_id, staged_at), DELETE ON identity.staged_emails TO insightdesk_relay;
--> statement-breakpoint
ALTER TABLE identity.staged_emails ENABLE ROW LEVEL SECURITY;
--> statement-breakpoint
CREATE POLICY identity ON identity.staged_emails TO insightdesk_identity
  USING (true) WITH CHECK (true);
--> statement-breakpoint
CREATE POLICY purge ON identity.staged_emails TO insightdesk_relay
  USING (staged_at < now() - interval '1 day');
--> statement-breakpoint
CREATE FUNCTION identity.apply_staged_email() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  DELETE FROM identity.staged_emails s WHERE s.user_id = NEW.id AND s.ticket = NEW.email_ticket
    RETURNING s.email INTO NEW.email;
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = 'no staged address has this ticket';
  END IF;
  NEW.email_verified_at := now();
  NEW.email_ticket := NULL;
  RETURN NEW;
END $$;
--> statement-breakpoint
REVOKE ALL ON FUNCTION identity.apply_staged_email() FROM PUBLIC;
--> statement-breakpoint
CREATE TRIGGER apply_staged_email BEFORE INSERT OR UPDATE OF email_ticket ON users FOR EACH ROW
  WHEN (NEW.email_ticket IS NOT NULL) EXECUTE FUNCTION identity.apply_staged_email();
--> statement-breakpoint
-- The trigger sets the time of the change too.
CREATE OR REPLACE FUNCTION identity.apply_staged_password() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  staged text;
BEGIN
  DELETE FROM identity.staged_passwords s WHERE s.user_id = NEW.id AND s.ticket = NEW.password_ticket
    RETURNING s.password_hash INTO staged;
  IF staged IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = 'no staged password has this ticket';
  END IF;
  INSERT INTO identity.credentials AS c (user_id, password_hash) VALUES (NEW.id, staged)
    ON CONFLICT (user_id) DO UPDATE SET password_hash = excluded.password_hash, changed_at = now();
  NEW.password_ticket := NULL;
  NEW.password_changed_at := clock_timestamp();
  RETURN NEW;
END $$;
--> statement-breakpoint
-- Links that are emailed: a transaction sees the one that it uses, and those of the account that it names.
ALTER TABLE email_links FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
DROP POLICY app ON email_links;
--> statement-breakpoint
CREATE POLICY visible ON email_links TO insightdesk_app
  USING (id = app.link_id()
    OR user_id = nullif(current_setting('app.link_user', true), '')::uuid
    OR email = nullif(current_setting('app.link_email', true), ''))
  WITH CHECK (true);
--> statement-breakpoint
-- Keys of the installation.
ALTER TABLE signing_keys ENABLE ROW LEVEL SECURITY;
--> statement-breakpoint
ALTER TABLE signing_keys FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
CREATE POLICY installation ON signing_keys FOR SELECT TO insightdesk_app USING (true);
--> statement-breakpoint
CREATE POLICY identity ON signing_keys TO insightdesk_identity USING (true) WITH CHECK (true);
--> statement-breakpoint
CREATE POLICY owner ON signing_keys TO CURRENT_USER USING (true) WITH CHECK (true);
--> statement-breakpoint
-- A transaction sees the access generation of its tenant; whoever holds sockets of many asks for theirs by id.
ALTER TABLE app.access_generations ENABLE ROW LEVEL SECURITY;
--> statement-breakpoint
ALTER TABLE app.access_generations FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
CREATE POLICY tenant ON app.access_generations FOR SELECT
  TO insightdesk_app, insightdesk_relay, insightdesk_identity USING (tenant_id = app.tenant_id());
--> statement-breakpoint
CREATE POLICY owner ON app.access_generations TO CURRENT_USER USING (true) WITH CHECK (true);
--> statement-breakpoint
CREATE FUNCTION app.list_access_generations(tenants uuid[]) RETURNS TABLE (tenant_id uuid, generation bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  SELECT g.tenant_id, g.generation FROM app.access_generations g WHERE g.tenant_id = ANY (tenants);
END;
--> statement-breakpoint
REVOKE ALL ON FUNCTION app.list_access_generations(uuid[]) FROM PUBLIC;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION app.list_access_generations(uuid[]) TO insightdesk_app;
