ALTER TABLE "webhooks" ADD COLUMN "unanswered_count" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "webhooks" ADD COLUMN "paused_until" timestamp (3) with time zone;--> statement-breakpoint
SELECT app.export_columns('webhooks',
  'tenant_id id url description events enabled disabled_reason failing_since unanswered_count paused_until ' ||
  'previous_secret_until created_at',
  withheld => 'secret previous_secret');
