-- How the work on videos and sounds goes.
CREATE TABLE "recordings" (
	"tenant_id" uuid NOT NULL,
	"attachment_id" uuid NOT NULL,
	"status" text NOT NULL,
	"reason" text,
	"job_id" text,
	"attempts" smallint DEFAULT 0 NOT NULL,
	"facts" jsonb,
	"loudness" jsonb,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"ended_at" timestamp (3) with time zone,
	CONSTRAINT "recordings_tenant_id_attachment_id_pk" PRIMARY KEY("tenant_id","attachment_id")
);
--> statement-breakpoint
-- What goes with its attachment needs nobody to remember it.
ALTER TABLE "recordings" ADD CONSTRAINT "recordings_attachment_fk" FOREIGN KEY ("tenant_id","attachment_id") REFERENCES "public"."attachments"("tenant_id","id") ON DELETE cascade ON UPDATE no action;
--> statement-breakpoint
SELECT app.protect('recordings');
