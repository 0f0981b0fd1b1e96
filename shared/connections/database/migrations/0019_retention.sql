-- A password that is being replaced. It counts for nothing until the transaction that ends the
-- sessions hands in its ticket: both become true by one commit.
CREATE TABLE identity.staged_passwords (
  user_id uuid PRIMARY KEY,
  ticket uuid NOT NULL,
  password_hash text NOT NULL,
  staged_at timestamp (3) with time zone NOT NULL DEFAULT now(),
  CONSTRAINT staged_passwords_user_id_users_id_fk FOREIGN KEY (user_id) REFERENCES public.users (id)
    ON DELETE CASCADE
);
--> statement-breakpoint
GRANT INSERT, UPDATE, SELECT (user_id) ON identity.staged_passwords TO insightdesk_identity;
--> statement-breakpoint
GRANT SELECT (user_id, staged_at), DELETE ON identity.staged_passwords TO insightdesk_relay;
--> statement-breakpoint
ALTER TABLE identity.staged_passwords ENABLE ROW LEVEL SECURITY;
--> statement-breakpoint
CREATE POLICY stages ON identity.staged_passwords TO insightdesk_identity USING (true) WITH CHECK (true);
--> statement-breakpoint
CREATE POLICY purge ON identity.staged_passwords TO insightdesk_relay
  USING (staged_at < now() - interval '1 day');
--> statement-breakpoint
-- A letter box as `password_hash` is one: nobody finds anything in it.
ALTER TABLE "users" ADD COLUMN "password_ticket" uuid;
--> statement-breakpoint
CREATE FUNCTION identity.take_staged() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  staged text;
BEGIN
  DELETE FROM identity.staged_passwords s WHERE s.user_id = NEW.id AND s.ticket = NEW.password_ticket
    RETURNING s.password_hash INTO staged;
  IF staged IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = 'no password waits for this ticket';
  END IF;
  INSERT INTO identity.credentials AS c (user_id, password_hash) VALUES (NEW.id, staged)
    ON CONFLICT (user_id) DO UPDATE SET password_hash = excluded.password_hash, changed_at = now();
  NEW.password_ticket := NULL;
  RETURN NEW;
END $$;
--> statement-breakpoint
REVOKE ALL ON FUNCTION identity.take_staged() FROM PUBLIC;
--> statement-breakpoint
CREATE TRIGGER take_staged BEFORE UPDATE OF password_ticket ON users FOR EACH ROW
  WHEN (NEW.password_ticket IS NOT NULL) EXECUTE FUNCTION identity.take_staged();
--> statement-breakpoint
-- Nobody adds a person with a ticket; the row would keep it.
ALTER TABLE "users" ADD CONSTRAINT "users_password_ticket" CHECK (password_ticket IS NULL);
--> statement-breakpoint
-- Accounts that are never verified are looked at, the longest untouched first.
ALTER TABLE "users" ADD COLUMN "looked_at" timestamp (3) with time zone;
--> statement-breakpoint
CREATE INDEX "users_unverified" ON "users" USING btree ((coalesce(looked_at, created_at))) WHERE email_verified_at is null;
--> statement-breakpoint
-- Where an audit log begins once its oldest entries were pruned: the last of them, and its link.
CREATE TABLE "audit_checkpoints" (
	"tenant_id" uuid PRIMARY KEY NOT NULL,
	"sequence" bigint NOT NULL,
	"hash" text NOT NULL,
	"before" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
SELECT app.protect('audit_checkpoints');
--> statement-breakpoint
REVOKE INSERT, UPDATE, DELETE ON audit_checkpoints FROM insightdesk_app;
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE (sequence, hash, before), DELETE ON audit_checkpoints TO insightdesk_relay;
--> statement-breakpoint
GRANT SELECT (hash, at) ON audit_entries TO insightdesk_relay;
--> statement-breakpoint
CREATE POLICY relay_sees ON audit_checkpoints FOR SELECT TO insightdesk_relay USING (true);
--> statement-breakpoint
-- It is what stands in the log, and older than any configuration prunes.
CREATE POLICY relay_adds ON audit_checkpoints FOR INSERT TO insightdesk_relay WITH CHECK (
  before < now() - interval '89 days' AND EXISTS (SELECT FROM audit_entries e
    WHERE e.tenant_id = audit_checkpoints.tenant_id AND e.sequence = audit_checkpoints.sequence
      AND e.hash = audit_checkpoints.hash AND e.at < audit_checkpoints.before));
--> statement-breakpoint
CREATE POLICY relay_moves ON audit_checkpoints FOR UPDATE TO insightdesk_relay USING (true) WITH CHECK (
  before < now() - interval '89 days' AND EXISTS (SELECT FROM audit_entries e
    WHERE e.tenant_id = audit_checkpoints.tenant_id AND e.sequence = audit_checkpoints.sequence
      AND e.hash = audit_checkpoints.hash AND e.at < audit_checkpoints.before));
--> statement-breakpoint
CREATE POLICY relay_erases ON audit_checkpoints FOR DELETE TO insightdesk_relay USING (EXISTS (
  SELECT FROM erasures e WHERE e.organization_id = tenant_id AND e.finished_at IS NULL));
--> statement-breakpoint
CREATE FUNCTION app.keep_checkpoint() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = '42501', MESSAGE = 'a checkpoint only goes forward';
END $$;
--> statement-breakpoint
CREATE TRIGGER keep BEFORE UPDATE ON audit_checkpoints FOR EACH ROW
  WHEN (NEW.sequence <= OLD.sequence) EXECUTE FUNCTION app.keep_checkpoint();
--> statement-breakpoint
CREATE POLICY relay_prunes ON audit_entries FOR DELETE TO insightdesk_relay USING (EXISTS (
  SELECT FROM audit_checkpoints c
  WHERE c.tenant_id = audit_entries.tenant_id AND c.sequence >= audit_entries.sequence));
--> statement-breakpoint
-- As what somebody whom the provider vouches for becomes a member by signing in; null: by invitation only.
ALTER TABLE "identity_providers" ADD COLUMN "auto_join" text
  CONSTRAINT "identity_providers_auto_join" CHECK (auto_join IN ('agent', 'customer'));
