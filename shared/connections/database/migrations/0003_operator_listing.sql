-- `desk organizations list` and `desk migrate --status` use the relay's login, which no public request reaches.
DROP POLICY deletion_scheduled ON organizations;
--> statement-breakpoint
CREATE POLICY listing ON organizations FOR SELECT TO insightdesk_relay USING (true);
--> statement-breakpoint
GRANT SELECT (name, created_at, disabled_at) ON organizations TO insightdesk_relay;
--> statement-breakpoint
GRANT USAGE ON SCHEMA drizzle TO insightdesk_relay;
--> statement-breakpoint
GRANT SELECT ON drizzle.__drizzle_migrations TO insightdesk_relay;
