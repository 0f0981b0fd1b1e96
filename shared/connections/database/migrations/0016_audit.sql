-- Who did something and from where: of what is audited only, so that other events stay as small.
ALTER TABLE "outbox" ADD COLUMN "origin" jsonb;
--> statement-breakpoint
CREATE TABLE "audit_entries" (
	"tenant_id" uuid NOT NULL,
	"sequence" bigint NOT NULL,
	"event_id" uuid NOT NULL,
	"action" text NOT NULL,
	"actor" jsonb NOT NULL,
	"actor_id" text,
	"details" jsonb NOT NULL,
	"ip" text,
	"user_agent" text,
	"request_id" text NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"previous_hash" text NOT NULL,
	"hash" text NOT NULL,
	CONSTRAINT "audit_entries_tenant_id_sequence_pk" PRIMARY KEY("tenant_id","sequence"),
	CONSTRAINT "audit_entries_event" UNIQUE("tenant_id","event_id")
);
--> statement-breakpoint
CREATE TABLE "audit_chains" (
	"tenant_id" uuid PRIMARY KEY NOT NULL,
	"sequence" bigint NOT NULL,
	"hash" text NOT NULL
);
--> statement-breakpoint
CREATE INDEX "audit_entries_at" ON "audit_entries" USING btree ("tenant_id","at","sequence");--> statement-breakpoint
CREATE INDEX "audit_entries_action" ON "audit_entries" USING btree ("tenant_id","action","at","sequence");--> statement-breakpoint
CREATE INDEX "audit_entries_actor" ON "audit_entries" USING btree ("tenant_id","actor_id","at","sequence");
--> statement-breakpoint
SELECT app.protect('audit_entries'), app.protect('audit_chains');
--> statement-breakpoint
-- What tenants' code may do is look. The relay adds; nobody changes or removes.
REVOKE INSERT, UPDATE, DELETE ON audit_entries, audit_chains FROM insightdesk_app;
--> statement-breakpoint
GRANT SELECT (tenant_id, sequence, event_id), INSERT ON audit_entries TO insightdesk_relay;
--> statement-breakpoint
CREATE POLICY relay_sees ON audit_entries FOR SELECT TO insightdesk_relay USING (true);
--> statement-breakpoint
CREATE POLICY relay_adds ON audit_entries FOR INSERT TO insightdesk_relay WITH CHECK (true);
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE (sequence, hash) ON audit_chains TO insightdesk_relay;
--> statement-breakpoint
CREATE POLICY relay ON audit_chains TO insightdesk_relay USING (true) WITH CHECK (true);
