-- Why an upload was rejected, and how often it was tried.
ALTER TABLE "attachments" ADD COLUMN "rejection" text;
--> statement-breakpoint
ALTER TABLE "attachments" ADD COLUMN "attempts" smallint DEFAULT 0 NOT NULL;
