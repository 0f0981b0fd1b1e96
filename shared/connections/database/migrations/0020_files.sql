-- Nobody but its uploader knows of a file until it was checked.
ALTER TABLE "attachments" ADD COLUMN "quarantined" boolean DEFAULT false NOT NULL;
--> statement-breakpoint
CREATE INDEX "attachments_pending" ON "attachments" USING btree ("created_at") WHERE "status" = 'pending';
--> statement-breakpoint
-- An upload in parts may take longer than a request.
ALTER TABLE "byte_reservations"
  ADD COLUMN "expires_at" timestamp (3) with time zone DEFAULT now() + interval '1 hour' NOT NULL;
--> statement-breakpoint
DROP INDEX "byte_reservations_age";
--> statement-breakpoint
CREATE INDEX "byte_reservations_expiry" ON "byte_reservations" USING btree ("expires_at");
--> statement-breakpoint
-- Uploads under way, and those that are whole and wait to be put together.
CREATE TABLE "uploads" (
	"tenant_id" uuid NOT NULL REFERENCES "organizations"("id"),
	"id" uuid NOT NULL,
	"kind" text NOT NULL,
	"name" text NOT NULL,
	"size_bytes" bigint NOT NULL CHECK ("size_bytes" > 0),
	"sha256" text,
	"metadata" jsonb DEFAULT '{}' NOT NULL,
	"uploaded_by" uuid NOT NULL,
	"received_bytes" bigint DEFAULT 0 NOT NULL CHECK ("received_bytes" <= "size_bytes"),
	"parts" integer DEFAULT 0 NOT NULL,
	"locked_by" uuid,
	"locked_until" timestamp (3) with time zone,
	"release_wanted" boolean DEFAULT false NOT NULL,
	"completed_at" timestamp (3) with time zone,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	PRIMARY KEY ("tenant_id", "id")
);
--> statement-breakpoint
CREATE INDEX "uploads_expiry" ON "uploads" USING btree ("expires_at");
--> statement-breakpoint
CREATE INDEX "uploads_uploader" ON "uploads" USING btree ("tenant_id", "uploaded_by");
--> statement-breakpoint
CREATE TABLE "upload_parts" (
	"tenant_id" uuid NOT NULL,
	"upload_id" uuid NOT NULL,
	"start" bigint NOT NULL,
	"size_bytes" bigint NOT NULL,
	"file" text NOT NULL,
	PRIMARY KEY ("tenant_id", "upload_id", "start"),
	FOREIGN KEY ("tenant_id", "upload_id") REFERENCES "uploads"("tenant_id", "id") ON DELETE CASCADE
);
--> statement-breakpoint
-- What files an organisation takes; null is no limit of its own.
CREATE TABLE "file_policies" (
	"tenant_id" uuid PRIMARY KEY NOT NULL REFERENCES "organizations"("id"),
	"max_file_bytes" bigint CHECK ("max_file_bytes" > 0),
	"allowed_types" jsonb,
	"refused_types" jsonb DEFAULT '[]' NOT NULL
);
--> statement-breakpoint
SELECT app.protect('uploads'), app.protect('upload_parts'), app.protect('file_policies');
--> statement-breakpoint
REVOKE UPDATE ON upload_parts FROM insightdesk_app;
--> statement-breakpoint
-- What is deleted is written down in the same transaction, until its files are gone.
GRANT INSERT ON discarded_attachments TO insightdesk_app;
--> statement-breakpoint
ALTER POLICY collect ON byte_reservations USING (expires_at < now());
--> statement-breakpoint
-- The system ends uploads that were given up, and finds what waits for its check for too long.
GRANT SELECT (tenant_id, id, expires_at, completed_at), DELETE ON uploads TO insightdesk_relay;
--> statement-breakpoint
CREATE POLICY collect ON uploads TO insightdesk_relay USING (expires_at < now());
--> statement-breakpoint
GRANT SELECT (status) ON attachments TO insightdesk_relay;
--> statement-breakpoint
CREATE POLICY stale ON attachments FOR SELECT TO insightdesk_relay
  USING (status = 'pending' AND created_at < now() - interval '24 hours');
