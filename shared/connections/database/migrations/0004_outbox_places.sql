ALTER TABLE "outbox" ADD COLUMN "places" jsonb;
--> statement-breakpoint
GRANT UPDATE (places) ON outbox TO insightdesk_relay;
