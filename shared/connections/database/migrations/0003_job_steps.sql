CREATE TABLE "job_steps" (
	"tenant_id" uuid NOT NULL,
	"job_id" text NOT NULL,
	"step" text NOT NULL,
	"result" jsonb,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"done_at" timestamp (3) with time zone,
	CONSTRAINT "job_steps_tenant_id_job_id_step_pk" PRIMARY KEY("tenant_id","job_id","step")
);

--> statement-breakpoint
SELECT app.protect('job_steps');
