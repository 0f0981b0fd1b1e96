ALTER TABLE "organizations" ADD COLUMN "disabled_at" timestamp (3) with time zone;--> statement-breakpoint
-- Opens a transaction for a tenant, a person, or neither. Raises ID001 unless the session is live
-- and its member still has the role that the caller's token claims, ID002 when the session is live
-- but its organisation is disabled. Work without a session goes on: nothing is lost meanwhile.
CREATE OR REPLACE FUNCTION app.enter(tenant uuid, person uuid, session uuid, claimed_role text)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  disabled boolean;
BEGIN
  PERFORM set_config('app.tenant_id', coalesce(tenant::text, ''), true),
    set_config('app.user_id', coalesce(person::text, ''), true);
  IF session IS NULL THEN
    RETURN;
  END IF;
  SELECT o.disabled_at IS NOT NULL INTO disabled
    FROM sessions s JOIN members m ON m.tenant_id = s.tenant_id AND m.user_id = s.user_id
    JOIN organizations o ON o.id = s.tenant_id
    WHERE s.tenant_id = tenant AND s.id = session AND s.user_id = person
      AND s.revoked_at IS NULL AND s.expires_at > now()
      AND m.removed_at IS NULL AND m.role = claimed_role;
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'ID001', MESSAGE = 'the session is not live';
  ELSIF disabled THEN
    RAISE EXCEPTION USING ERRCODE = 'ID002', MESSAGE = 'the organisation is disabled';
  END IF;
END $$;
