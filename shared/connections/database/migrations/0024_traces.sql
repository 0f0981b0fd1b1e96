ALTER TABLE "outbox" ADD COLUMN "trace" text;--> statement-breakpoint
ALTER TABLE "webhook_events" ADD COLUMN "trace" text;--> statement-breakpoint
GRANT INSERT (trace) ON webhook_events TO insightdesk_relay;
