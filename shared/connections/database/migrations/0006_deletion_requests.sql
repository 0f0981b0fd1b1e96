-- A deletion starts with the services' login, in its tenant: the relay, which deletes what has started, cannot start one.
REVOKE INSERT ON tenant_deletions FROM insightdesk_relay;
--> statement-breakpoint
CREATE POLICY owner_read ON organizations FOR SELECT TO CURRENT_USER USING (true);
--> statement-breakpoint
-- Starts the deletion of the transaction's tenant; does nothing when it has started or there is none. The organization
-- is disabled, and either its grace period is over or no owner has a verified address.
CREATE FUNCTION app.start_deletion(requested_by text, audit_sequence bigint, audit_hash text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
DECLARE
  organization public.organizations;
BEGIN
  SELECT * INTO organization FROM public.organizations o WHERE o.id = app.tenant_id();
  IF NOT FOUND OR EXISTS (SELECT FROM public.tenant_deletions d WHERE d.organization_id = organization.id) THEN
    RETURN;
  END IF;
  IF organization.disabled_at IS NULL OR organization.delete_at IS NULL
    OR NOT (organization.delete_at <= now()
      OR (requested_by = 'unverified' AND NOT app.has_verified_owner(organization.id))) THEN
    RAISE EXCEPTION USING ERRCODE = '42501', MESSAGE = 'the organization is not due for deletion';
  END IF;
  INSERT INTO public.tenant_deletions (organization_id, requested_by, audit_sequence, audit_hash)
    VALUES (organization.id, requested_by, audit_sequence, audit_hash) ON CONFLICT DO NOTHING;
END $$;
--> statement-breakpoint
REVOKE ALL ON FUNCTION app.start_deletion(text, bigint, text) FROM PUBLIC;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION app.start_deletion(text, bigint, text) TO insightdesk_app;
