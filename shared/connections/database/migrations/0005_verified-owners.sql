-- Whether an organization has an owner with a verified address: a service that has no tenant learns its quotas by it.
CREATE POLICY owner_read ON members FOR SELECT TO CURRENT_USER USING (true);
--> statement-breakpoint
CREATE FUNCTION app.has_verified_owner(tenant uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT FROM public.members m JOIN public.users u ON u.id = m.user_id
    WHERE m.tenant_id = tenant AND m.role = 'owner' AND m.removed_at IS NULL AND u.email_verified_at IS NOT NULL)
$$;
--> statement-breakpoint
REVOKE ALL ON FUNCTION app.has_verified_owner(uuid) FROM PUBLIC;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION app.has_verified_owner(uuid) TO insightdesk_app;
