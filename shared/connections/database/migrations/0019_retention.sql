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
