CREATE TABLE "schedules" (
	"name" text PRIMARY KEY NOT NULL,
	"timing" text NOT NULL,
	"due_at" timestamp (3) with time zone NOT NULL,
	"fired_at" timestamp (3) with time zone,
	"paused_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE INDEX "job_steps_age" ON "job_steps" USING btree ("created_at");
--> statement-breakpoint
-- The system's own clock. The services reach it as the relay's role, like everything that belongs
-- to no organisation.
GRANT SELECT, INSERT, UPDATE, DELETE ON schedules TO insightdesk_relay;
--> statement-breakpoint
-- What has run out is deleted for all organisations at once. The policies are the retention: the
-- role sees nothing younger, and of what it sees only by what it tells rows apart.
GRANT SELECT (tenant_id, job_id, step, created_at), DELETE ON job_steps TO insightdesk_relay;
--> statement-breakpoint
CREATE POLICY purge ON job_steps TO insightdesk_relay
  USING (created_at < now() - interval '30 days');
--> statement-breakpoint
GRANT SELECT (tenant_id, id, expires_at, revoked_at), DELETE ON sessions TO insightdesk_relay;
--> statement-breakpoint
CREATE POLICY purge ON sessions TO insightdesk_relay
  USING (least(revoked_at, expires_at) < now() - interval '30 days');
--> statement-breakpoint
GRANT SELECT (tenant_id, id, expires_at), DELETE ON invitations TO insightdesk_relay;
--> statement-breakpoint
CREATE POLICY purge ON invitations TO insightdesk_relay
  USING (expires_at < now() - interval '30 days');
