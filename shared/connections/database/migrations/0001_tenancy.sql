-- Tenancy that the database enforces. `insightdesk_app` owns nothing and cannot bypass any of it.
CREATE SCHEMA app;
--> statement-breakpoint
CREATE FUNCTION app.tenant_id() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
  RETURN nullif(current_setting('app.tenant_id', true), '')::uuid;
--> statement-breakpoint
CREATE FUNCTION app.user_id() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
  RETURN nullif(current_setting('app.user_id', true), '')::uuid;
--> statement-breakpoint
-- Forced row-level security for one table with a tenant_id: the tenant's rows, or none.
CREATE FUNCTION app.protect(target regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
  EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
  EXECUTE format('CREATE POLICY tenant ON %s TO insightdesk_app '
    'USING (tenant_id = app.tenant_id()) WITH CHECK (tenant_id = app.tenant_id())', target);
  EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO insightdesk_app', target);
END $$;
--> statement-breakpoint
REVOKE ALL ON FUNCTION app.protect(regclass) FROM PUBLIC;
--> statement-breakpoint
GRANT USAGE ON SCHEMA app TO insightdesk_app;
--> statement-breakpoint
SELECT app.protect('members'), app.protect('sessions'), app.protect('invitations'),
  app.protect('attachments'), app.protect('conversations'), app.protect('messages'),
  app.protect('deliveries'), app.protect('outbox');
--> statement-breakpoint
-- An organisation is its own tenant.
ALTER TABLE organizations ENABLE ROW LEVEL SECURITY;
--> statement-breakpoint
ALTER TABLE organizations FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
CREATE POLICY tenant ON organizations TO insightdesk_app
  USING (id = app.tenant_id()) WITH CHECK (id = app.tenant_id());
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE, DELETE ON organizations TO insightdesk_app;
--> statement-breakpoint
-- People are global; only their memberships tie them to tenants.
GRANT SELECT, INSERT, UPDATE ON users TO insightdesk_app;
--> statement-breakpoint
-- At sign-in there is a person but no tenant yet: it may see where it belongs.
CREATE POLICY own_memberships ON members FOR SELECT TO insightdesk_app
  USING (app.tenant_id() IS NULL AND user_id = app.user_id());
--> statement-breakpoint
-- Opens a transaction for a tenant, a person, or neither. Raises ID001 unless the session is live
-- and its member still has the role that the caller's token claims.
CREATE FUNCTION app.enter(tenant uuid, person uuid, session uuid, claimed_role text)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM set_config('app.tenant_id', coalesce(tenant::text, ''), true),
    set_config('app.user_id', coalesce(person::text, ''), true);
  IF session IS NOT NULL AND NOT EXISTS (
    SELECT FROM sessions s JOIN members m ON m.tenant_id = s.tenant_id AND m.user_id = s.user_id
    WHERE s.tenant_id = tenant AND s.id = session AND s.user_id = person
      AND s.revoked_at IS NULL AND s.expires_at > now()
      AND m.removed_at IS NULL AND m.role = claimed_role
  ) THEN
    RAISE EXCEPTION USING ERRCODE = 'ID001', MESSAGE = 'the session is not live';
  END IF;
END $$;
--> statement-breakpoint
-- The relay reads facts of all tenants and marks them; it sees nothing else.
GRANT USAGE ON SCHEMA public TO insightdesk_relay;
--> statement-breakpoint
GRANT SELECT, DELETE ON outbox TO insightdesk_relay;
--> statement-breakpoint
GRANT UPDATE (relayed_at, failure) ON outbox TO insightdesk_relay;
--> statement-breakpoint
CREATE POLICY relay ON outbox TO insightdesk_relay USING (true) WITH CHECK (true);
--> statement-breakpoint
CREATE FUNCTION app.announce_outbox() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('outbox', '');
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER announce AFTER INSERT ON outbox
  FOR EACH STATEMENT EXECUTE FUNCTION app.announce_outbox();
