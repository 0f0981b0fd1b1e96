-- The whole schema: roles and schemas, tables as Drizzle generates them, then what Drizzle cannot express: row-level
-- security, grants, functions and triggers. Later migrations protect their tables in their own file
-- (app.protect) and name their columns for the export of a tenant (app.export_columns).
DO $$
DECLARE
  missing text := (
    SELECT string_agg(name, ', ') FROM unnest(ARRAY['insightdesk_app', 'insightdesk_relay',
      'insightdesk_identity', 'insightdesk_search', 'insightdesk_authorizer']) name
    WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name));
BEGIN
  IF missing IS NOT NULL THEN
    RAISE EXCEPTION 'Roles are missing: %', missing
      USING HINT = 'Run deploy/provision.sql again, as a superuser';
  END IF;
  IF to_regnamespace('app') IS NOT NULL THEN
    RAISE EXCEPTION 'This database has a schema from before the baseline'
      USING HINT = 'Create a new database; in development, delete .data';
  END IF;
END $$;
--> statement-breakpoint
-- For the tenant in front of an index of n-grams; trusted, so that the owner may create it.
CREATE EXTENSION IF NOT EXISTS btree_gin;
--> statement-breakpoint
CREATE SCHEMA app;
--> statement-breakpoint
-- Credentials: the API reaches them with a login of its own, no other service does.
CREATE SCHEMA identity;
--> statement-breakpoint
GRANT USAGE ON SCHEMA app TO insightdesk_app, insightdesk_relay, insightdesk_identity;
--> statement-breakpoint
GRANT USAGE ON SCHEMA app, public TO insightdesk_search, insightdesk_authorizer;
--> statement-breakpoint
GRANT USAGE ON SCHEMA public TO insightdesk_relay;
--> statement-breakpoint
GRANT USAGE ON SCHEMA identity TO insightdesk_identity, insightdesk_relay;
--> statement-breakpoint
CREATE FUNCTION app.tenant_id() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
  RETURN nullif(current_setting('app.tenant_id', true), '')::uuid;
--> statement-breakpoint
CREATE FUNCTION app.user_id() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
  RETURN nullif(current_setting('app.user_id', true), '')::uuid;
--> statement-breakpoint
-- Forces row-level security on a table with a tenant_id: services see rows of the transaction's tenant, or none.
CREATE FUNCTION app.protect(target regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
  EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
  EXECUTE format('CREATE POLICY tenant ON %s TO insightdesk_app '
    'USING (tenant_id = app.tenant_id()) WITH CHECK (tenant_id = app.tenant_id())', target);
  EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO insightdesk_app', target);
END $$;
--> statement-breakpoint
-- The same for a table with a user_id and no tenant: services see rows of the transaction's user.
CREATE FUNCTION app.protect_by_user(target regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
  EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
  EXECUTE format('CREATE POLICY own_user ON %s TO insightdesk_app '
    'USING (user_id = app.user_id()) WITH CHECK (user_id = app.user_id())', target);
  EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO insightdesk_app', target);
END $$;
--> statement-breakpoint
-- Names every column of a table with a tenant_id: those that a tenant export contains, and those that it must not.
CREATE FUNCTION app.export_columns(target regclass, exported text, withheld text DEFAULT '') RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  col text;
  unnamed text := (SELECT string_agg(attname, ', ') FROM pg_attribute WHERE attrelid = target AND attnum > 0
    AND NOT attisdropped AND attname <> ALL (string_to_array(exported || ' ' || withheld, ' ')));
BEGIN
  IF unnamed IS NOT NULL THEN
    RAISE EXCEPTION 'Columns of % are neither exported nor withheld: %', target, unnamed;
  END IF;
  FOREACH col IN ARRAY string_to_array(exported, ' ') LOOP
    EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', target, col, 'exported');
  END LOOP;
  FOREACH col IN ARRAY string_to_array(withheld, ' ') LOOP
    EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', target, col, 'withheld');
  END LOOP;
END $$;
--> statement-breakpoint
REVOKE ALL ON FUNCTION app.protect(regclass), app.protect_by_user(regclass),
  app.export_columns(regclass, text, text) FROM PUBLIC;
--> statement-breakpoint
CREATE TABLE "attachments" (
  "tenant_id" uuid NOT NULL,
  "id" uuid NOT NULL,
  "name" text NOT NULL,
  "content_type" text NOT NULL,
  "size_bytes" bigint NOT NULL,
  "sha256" text NOT NULL,
  "status" text NOT NULL,
  "variants" jsonb DEFAULT '[]'::jsonb NOT NULL,
  "rejection" text,
  "attempts" smallint DEFAULT 0 NOT NULL,
  "quarantined" boolean DEFAULT false NOT NULL,
  "uploaded_by" uuid NOT NULL,
  "conversation_id" uuid,
  "message_id" uuid,
  "customer_id" uuid,
  "created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
  CONSTRAINT "attachments_tenant_id_id_pk" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
CREATE TABLE "file_policies" (
  "tenant_id" uuid PRIMARY KEY NOT NULL,
  "max_file_bytes" bigint,
  "allowed_types" jsonb,
  "refused_types" jsonb DEFAULT '[]'::jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "upload_parts" (
  "tenant_id" uuid NOT NULL,
  "upload_id" uuid NOT NULL,
  "start" bigint NOT NULL,
  "size_bytes" bigint NOT NULL,
  "file" text NOT NULL,
  CONSTRAINT "upload_parts_tenant_id_upload_id_start_pk" PRIMARY KEY("tenant_id","upload_id","start")
);
--> statement-breakpoint
CREATE TABLE "uploads" (
  "tenant_id" uuid NOT NULL,
  "id" uuid NOT NULL,
  "kind" text NOT NULL,
  "name" text NOT NULL,
  "size_bytes" bigint NOT NULL,
  "sha256" text,
  "metadata" jsonb DEFAULT '{}'::jsonb NOT NULL,
  "uploaded_by" uuid NOT NULL,
  "received_bytes" bigint DEFAULT 0 NOT NULL,
  "parts" integer DEFAULT 0 NOT NULL,
  "locked_by" uuid,
  "locked_until" timestamp (3) with time zone,
  "release_requested" boolean DEFAULT false NOT NULL,
  "completed_at" timestamp (3) with time zone,
  "expires_at" timestamp (3) with time zone NOT NULL,
  "created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
  CONSTRAINT "uploads_tenant_id_id_pk" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
CREATE TABLE "conversation_subjects" (
  "tenant_id" uuid NOT NULL,
  "conversation_id" uuid NOT NULL,
  "ngrams" text[] NOT NULL,
  CONSTRAINT "conversation_subjects_tenant_id_conversation_id_pk" PRIMARY KEY("tenant_id","conversation_id")
);
--> statement-breakpoint
CREATE TABLE "conversation_tags" (
  "tenant_id" uuid NOT NULL,
  "tag" text NOT NULL,
  "number" integer NOT NULL,
  "conversation_id" uuid NOT NULL,
  CONSTRAINT "conversation_tags_tenant_id_tag_number_pk" PRIMARY KEY("tenant_id","tag","number")
);
--> statement-breakpoint
CREATE TABLE "conversations" (
  "tenant_id" uuid NOT NULL,
  "id" uuid NOT NULL,
  "number" integer NOT NULL,
  "subject" text NOT NULL,
  "status" text DEFAULT 'open' NOT NULL,
  "priority" text DEFAULT 'normal' NOT NULL,
  "customer_id" uuid NOT NULL,
  "assignee_id" uuid,
  "tags" text[] DEFAULT '{}'::text[] NOT NULL,
  "snoozed_until" timestamp (3) with time zone,
  "message_count" integer DEFAULT 0 NOT NULL,
  "reply_count" integer DEFAULT 0 NOT NULL,
  "last_message_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
  "version" integer DEFAULT 1 NOT NULL,
  "created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
  CONSTRAINT "conversations_tenant_id_id_pk" PRIMARY KEY("tenant_id","id"),
  CONSTRAINT "conversations_number" UNIQUE("tenant_id","number")
);
--> statement-breakpoint
CREATE TABLE "messages" (
  "tenant_id" uuid NOT NULL,
  "id" uuid NOT NULL,
  "conversation_id" uuid NOT NULL,
  "sequence" integer NOT NULL,
  "author_id" uuid NOT NULL,
  "kind" text NOT NULL,
  "body" text NOT NULL,
  "client_message_id" text,
  "created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
  CONSTRAINT "messages_tenant_id_id_pk" PRIMARY KEY("tenant_id","id"),
  CONSTRAINT "messages_sequence" UNIQUE("tenant_id","conversation_id","sequence")
);
--> statement-breakpoint
CREATE TABLE "media_processing" (
  "tenant_id" uuid NOT NULL,
  "attachment_id" uuid NOT NULL,
  "status" text NOT NULL,
  "reason" text,
  "job_id" text,
  "attempts" smallint DEFAULT 0 NOT NULL,
  "metadata" jsonb,
  "loudness" jsonb,
  "created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
  "ended_at" timestamp (3) with time zone,
  CONSTRAINT "media_processing_tenant_id_attachment_id_pk" PRIMARY KEY("tenant_id","attachment_id")
);
--> statement-breakpoint
CREATE TABLE "email_deliveries" (
  "tenant_id" uuid NOT NULL,
  "key" text NOT NULL,
  "recipient" text NOT NULL,
  "created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
  "sent_at" timestamp (3) with time zone,
  CONSTRAINT "email_deliveries_tenant_id_key_pk" PRIMARY KEY("tenant_id","key")
);
--> statement-breakpoint
CREATE TABLE "api_key_secrets" (
  "tenant_id" uuid NOT NULL,
  "id" uuid NOT NULL,
  "key_id" uuid NOT NULL,
  "hash" text NOT NULL,
  "expires_at" timestamp (3) with time zone NOT NULL,
  "created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
  CONSTRAINT "api_key_secrets_tenant_id_id_pk" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
CREATE TABLE "api_keys" (
  "tenant_id" uuid NOT NULL,
  "id" uuid NOT NULL,
  "name" text NOT NULL,
  "user_id" uuid NOT NULL,
  "role" text NOT NULL,
  "permissions" text[] NOT NULL,
  "created_by" uuid NOT NULL,
  "expires_at" timestamp (3) with time zone NOT NULL,
  "revoked_at" timestamp (3) with time zone,
  "last_used_at" timestamp (3) with time zone,
  "created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
  CONSTRAINT "api_keys_tenant_id_id_pk" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
CREATE TABLE "identity_links" (
  "tenant_id" uuid NOT NULL,
  "provider_id" uuid NOT NULL,
  "issuer" text NOT NULL,
  "subject" text NOT NULL,
  "user_id" uuid NOT NULL,
  "created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
  CONSTRAINT "identity_links_tenant_id_provider_id_issuer_subject_pk" PRIMARY KEY("tenant_id","provider_id","issuer","subject"),
  CONSTRAINT "identity_links_user" UNIQUE("tenant_id","provider_id","user_id")
);
--> statement-breakpoint
CREATE TABLE "identity_providers" (
  "tenant_id" uuid NOT NULL,
  "id" uuid NOT NULL,
  "name" text NOT NULL,
  "issuer" text NOT NULL,
  "client_id" text NOT NULL,
  "client_secret" text NOT NULL,
  "allowed_domains" text[] NOT NULL,
  "assures_two_factor" boolean NOT NULL,
  "auto_join" text,
  "enabled" boolean NOT NULL,
  "created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
  CONSTRAINT "identity_providers_tenant_id_id_pk" PRIMARY KEY("tenant_id","id"),
  CONSTRAINT "identity_providers_auto_join" CHECK (auto_join IN ('agent', 'customer'))
);
--> statement-breakpoint
CREATE TABLE "passkeys" (
  "user_id" uuid NOT NULL,
  "id" uuid NOT NULL,
  "credential_id" text NOT NULL,
  "public_key" text NOT NULL,
  "counter" bigint NOT NULL,
  "transports" text[] NOT NULL,
  "name" text NOT NULL,
  "created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
  "last_used_at" timestamp (3) with time zone,
  CONSTRAINT "passkeys_user_id_id_pk" PRIMARY KEY("user_id","id"),
  CONSTRAINT "passkeys_credential" UNIQUE("credential_id")
);
--> statement-breakpoint
CREATE TABLE "recovery_codes" (
  "user_id" uuid NOT NULL,
  "hash" text NOT NULL,
  "used_at" timestamp (3) with time zone,
  CONSTRAINT "recovery_codes_user_id_hash_pk" PRIMARY KEY("user_id","hash")
);
--> statement-breakpoint
CREATE TABLE "second_factors" (
  "user_id" uuid PRIMARY KEY NOT NULL,
  "totp_id" uuid,
  "totp_secret" text,
  "pending_secret" text,
  "last_step" bigint DEFAULT 0 NOT NULL,
  "failures" integer DEFAULT 0 NOT NULL,
  "blocked_until" timestamp (3) with time zone,
  "created_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "consumed_tokens" (
  "user_id" uuid NOT NULL,
  "hash" text NOT NULL,
  "expires_at" timestamp (3) with time zone NOT NULL,
  CONSTRAINT "consumed_tokens_user_id_hash_pk" PRIMARY KEY("user_id","hash")
);
--> statement-breakpoint
CREATE TABLE "roles" (
  "tenant_id" uuid NOT NULL,
  "id" uuid NOT NULL,
  "name" text NOT NULL,
  "base" text NOT NULL,
  "permissions" text[] NOT NULL,
  "version" integer DEFAULT 1 NOT NULL,
  "created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
  CONSTRAINT "roles_tenant_id_id_pk" PRIMARY KEY("tenant_id","id"),
  CONSTRAINT "roles_name" UNIQUE("tenant_id","name")
);
--> statement-breakpoint
CREATE TABLE "email_links" (
  "id" uuid PRIMARY KEY NOT NULL,
  "purpose" text NOT NULL,
  "user_id" uuid,
  "email" text NOT NULL,
  "expires_at" timestamp (3) with time zone NOT NULL,
  "used_at" timestamp (3) with time zone,
  "created_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "daily_counts" (
  "key" text NOT NULL,
  "day" date NOT NULL,
  "count" integer NOT NULL,
  CONSTRAINT "daily_counts_key_day_pk" PRIMARY KEY("key","day")
);
--> statement-breakpoint
CREATE TABLE "invitations" (
  "tenant_id" uuid NOT NULL,
  "id" uuid NOT NULL,
  "email" text NOT NULL,
  "role" text NOT NULL,
  "invited_by" uuid NOT NULL,
  "expires_at" timestamp (3) with time zone NOT NULL,
  "accepted_at" timestamp (3) with time zone,
  "send_count" integer DEFAULT 1 NOT NULL,
  "created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
  CONSTRAINT "invitations_tenant_id_id_pk" PRIMARY KEY("tenant_id","id"),
  CONSTRAINT "invitations_email" UNIQUE("tenant_id","email")
);
--> statement-breakpoint
CREATE TABLE "members" (
  "tenant_id" uuid NOT NULL,
  "user_id" uuid NOT NULL,
  "role" text NOT NULL,
  "role_id" uuid,
  "removed_at" timestamp (3) with time zone,
  "created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
  CONSTRAINT "members_tenant_id_user_id_pk" PRIMARY KEY("tenant_id","user_id")
);
--> statement-breakpoint
CREATE TABLE "sessions" (
  "tenant_id" uuid NOT NULL,
  "id" uuid NOT NULL,
  "user_id" uuid NOT NULL,
  "generation" integer DEFAULT 0 NOT NULL,
  "refreshed_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
  "expires_at" timestamp (3) with time zone NOT NULL,
  "revoked_at" timestamp (3) with time zone,
  "factor_id" uuid,
  "provider_id" uuid,
  "ip" text,
  "user_agent" text,
  "created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
  CONSTRAINT "sessions_tenant_id_id_pk" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
CREATE TABLE "users" (
  "id" uuid PRIMARY KEY NOT NULL,
  "email" text NOT NULL,
  "email_verified_at" timestamp (3) with time zone,
  "name" text NOT NULL,
  "password_hash" text,
  "password_ticket" uuid,
  "password_changed_at" timestamp (3) with time zone,
  "last_checked_at" timestamp (3) with time zone,
  "created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
  CONSTRAINT "users_password_ticket" CHECK (password_ticket IS NULL)
);
--> statement-breakpoint
CREATE TABLE "webhook_events" (
  "tenant_id" uuid NOT NULL,
  "position" bigint GENERATED ALWAYS AS IDENTITY (sequence name "webhook_events_position_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
  "event_id" uuid NOT NULL,
  "type" text NOT NULL,
  "ordering_key" text NOT NULL,
  "data" jsonb NOT NULL,
  "at" timestamp (3) with time zone NOT NULL,
  "fanned_out_at" timestamp (3) with time zone,
  "trace" text,
  CONSTRAINT "webhook_events_tenant_id_event_id_pk" PRIMARY KEY("tenant_id","event_id"),
  CONSTRAINT "webhook_events_position" UNIQUE("tenant_id","position")
);
--> statement-breakpoint
CREATE TABLE "webhook_deliveries" (
  "tenant_id" uuid NOT NULL,
  "webhook_id" uuid NOT NULL,
  "event_id" uuid NOT NULL,
  "position" bigint NOT NULL,
  "ordering_key" text NOT NULL,
  "status" text DEFAULT 'waiting' NOT NULL,
  "replay_count" integer DEFAULT 0 NOT NULL,
  "attempts" integer DEFAULT 0 NOT NULL,
  "due_since" timestamp (3) with time zone DEFAULT now() NOT NULL,
  "next_attempt_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
  "attempted_at" timestamp (3) with time zone,
  "response_status" integer,
  "response_body" text,
  "duration_ms" integer,
  "error" text,
  CONSTRAINT "webhook_deliveries_tenant_id_webhook_id_event_id_pk" PRIMARY KEY("tenant_id","webhook_id","event_id")
);
--> statement-breakpoint
CREATE TABLE "webhooks" (
  "tenant_id" uuid NOT NULL,
  "id" uuid NOT NULL,
  "url" text NOT NULL,
  "description" text NOT NULL,
  "events" text[] NOT NULL,
  "enabled" boolean DEFAULT true NOT NULL,
  "disabled_reason" text,
  "failing_since" timestamp (3) with time zone,
  "secret" text NOT NULL,
  "previous_secret" text,
  "previous_secret_until" timestamp (3) with time zone,
  "created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
  CONSTRAINT "webhooks_tenant_id_id_pk" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
CREATE TABLE "audit_chains" (
  "tenant_id" uuid PRIMARY KEY NOT NULL,
  "sequence" bigint NOT NULL,
  "hash" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "audit_checkpoints" (
  "tenant_id" uuid PRIMARY KEY NOT NULL,
  "sequence" bigint NOT NULL,
  "hash" text NOT NULL,
  "pruned_before" timestamp (3) with time zone NOT NULL
);
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
CREATE TABLE "flags" (
  "tenant_id" uuid NOT NULL,
  "name" text NOT NULL,
  "value" jsonb NOT NULL,
  CONSTRAINT "flags_tenant_id_name_pk" PRIMARY KEY("tenant_id","name")
);
--> statement-breakpoint
CREATE TABLE "tenant_deletion_users" (
  "organization_id" uuid NOT NULL,
  "user_id" uuid NOT NULL,
  CONSTRAINT "tenant_deletion_users_organization_id_user_id_pk" PRIMARY KEY("organization_id","user_id")
);
--> statement-breakpoint
CREATE TABLE "tenant_deletions" (
  "organization_id" uuid PRIMARY KEY NOT NULL,
  "requested_by" text NOT NULL,
  "started_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
  "finished_at" timestamp (3) with time zone,
  "audit_sequence" bigint DEFAULT 0 NOT NULL,
  "audit_hash" text DEFAULT '' NOT NULL,
  "counts" jsonb DEFAULT '{}'::jsonb NOT NULL,
  "previous_hash" text,
  "hash" text
);
--> statement-breakpoint
CREATE TABLE "tenant_exports" (
  "tenant_id" uuid NOT NULL,
  "id" uuid NOT NULL,
  "requested_by" uuid NOT NULL,
  "parts" integer DEFAULT 0 NOT NULL,
  "size_bytes" bigint DEFAULT 0 NOT NULL,
  "sha256" text,
  "expires_at" timestamp (3) with time zone NOT NULL,
  "ready_at" timestamp (3) with time zone,
  "created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
  CONSTRAINT "tenant_exports_tenant_id_id_pk" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
CREATE TABLE "organizations" (
  "id" uuid PRIMARY KEY NOT NULL,
  "name" text NOT NULL,
  "conversation_count" integer DEFAULT 0 NOT NULL,
  "disabled_at" timestamp (3) with time zone,
  "require_two_factor" boolean DEFAULT false NOT NULL,
  "delete_at" timestamp (3) with time zone,
  "deletion_requested_by" uuid,
  "created_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "quotas" (
  "tenant_id" uuid NOT NULL,
  "metric" text NOT NULL,
  "value" bigint NOT NULL,
  CONSTRAINT "quotas_tenant_id_metric_pk" PRIMARY KEY("tenant_id","metric")
);
--> statement-breakpoint
CREATE TABLE "byte_reservations" (
  "tenant_id" uuid NOT NULL,
  "id" uuid NOT NULL,
  "bytes" bigint NOT NULL,
  "created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
  "expires_at" timestamp (3) with time zone DEFAULT now() + interval '1 hour' NOT NULL,
  CONSTRAINT "byte_reservations_tenant_id_id_pk" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
CREATE TABLE "deleted_attachments" (
  "tenant_id" uuid NOT NULL,
  "id" uuid NOT NULL,
  "created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
  CONSTRAINT "deleted_attachments_tenant_id_id_pk" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
CREATE TABLE "stored_bytes" (
  "tenant_id" uuid PRIMARY KEY NOT NULL,
  "bytes" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "usage_counters" (
  "tenant_id" uuid NOT NULL,
  "day" date NOT NULL,
  "metric" text NOT NULL,
  "value" bigint NOT NULL,
  CONSTRAINT "usage_counters_tenant_id_day_metric_pk" PRIMARY KEY("tenant_id","day","metric")
);
--> statement-breakpoint
CREATE TABLE "identity"."credentials" (
  "user_id" uuid PRIMARY KEY NOT NULL,
  "password_hash" text NOT NULL,
  "changed_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "identity"."sign_in_attempts" (
  "account" text NOT NULL,
  "ip_prefix" text NOT NULL,
  "failures" integer NOT NULL,
  "last_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
  "blocked_until" timestamp (3) with time zone,
  "succeeded_at" timestamp (3) with time zone,
  CONSTRAINT "sign_in_attempts_account_ip_prefix_pk" PRIMARY KEY("account","ip_prefix")
);
--> statement-breakpoint
CREATE TABLE "identity"."staged_passwords" (
  "user_id" uuid PRIMARY KEY NOT NULL,
  "ticket" uuid NOT NULL,
  "password_hash" text NOT NULL,
  "staged_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "outbox" (
  "position" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "outbox_position_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
  "tenant_id" uuid NOT NULL,
  "event_id" uuid NOT NULL,
  "name" text NOT NULL,
  "version" smallint DEFAULT 1 NOT NULL,
  "payload" jsonb NOT NULL,
  "request_id" text NOT NULL,
  "created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
  "relayed_at" timestamp (3) with time zone,
  "failure" text,
  "log_positions" jsonb,
  "origin" jsonb,
  "trace" text,
  CONSTRAINT "outbox_event" UNIQUE("tenant_id","event_id")
);
--> statement-breakpoint
CREATE TABLE "idempotency_keys" (
  "tenant_id" uuid NOT NULL,
  "id" text NOT NULL,
  "fingerprint" text NOT NULL,
  "response" text,
  "completed_at" timestamp (3) with time zone,
  "created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
  CONSTRAINT "idempotency_keys_tenant_id_id_pk" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
CREATE TABLE "parked_jobs" (
  "tenant_id" uuid NOT NULL,
  "queue" text NOT NULL,
  "id" text NOT NULL,
  "position" bigint GENERATED ALWAYS AS IDENTITY (sequence name "parked_jobs_position_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
  "due_at" timestamp (3) with time zone NOT NULL,
  "request" jsonb NOT NULL,
  "released_at" timestamp (3) with time zone,
  CONSTRAINT "parked_jobs_tenant_id_queue_id_pk" PRIMARY KEY("tenant_id","queue","id")
);
--> statement-breakpoint
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
CREATE TABLE "schedules" (
  "name" text PRIMARY KEY NOT NULL,
  "timing" text NOT NULL,
  "due_at" timestamp (3) with time zone NOT NULL,
  "fired_at" timestamp (3) with time zone,
  "paused_at" timestamp (3) with time zone
);
--> statement-breakpoint
ALTER TABLE "attachments" ADD CONSTRAINT "attachments_tenant_id_organizations_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."organizations"("id") ON DELETE no action ON UPDATE no action;
--> statement-breakpoint
ALTER TABLE "file_policies" ADD CONSTRAINT "file_policies_tenant_id_organizations_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."organizations"("id") ON DELETE no action ON UPDATE no action;
--> statement-breakpoint
ALTER TABLE "upload_parts" ADD CONSTRAINT "upload_parts_tenant_id_upload_id_uploads_tenant_id_id_fk" FOREIGN KEY ("tenant_id","upload_id") REFERENCES "public"."uploads"("tenant_id","id") ON DELETE cascade ON UPDATE no action;
--> statement-breakpoint
ALTER TABLE "uploads" ADD CONSTRAINT "uploads_tenant_id_organizations_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."organizations"("id") ON DELETE no action ON UPDATE no action;
--> statement-breakpoint
ALTER TABLE "conversation_subjects" ADD CONSTRAINT "conversation_subjects_conversation_fk" FOREIGN KEY ("tenant_id","conversation_id") REFERENCES "public"."conversations"("tenant_id","id") ON DELETE cascade ON UPDATE no action;
--> statement-breakpoint
ALTER TABLE "conversation_tags" ADD CONSTRAINT "conversation_tags_conversation_fk" FOREIGN KEY ("tenant_id","conversation_id") REFERENCES "public"."conversations"("tenant_id","id") ON DELETE cascade ON UPDATE no action;
--> statement-breakpoint
ALTER TABLE "conversations" ADD CONSTRAINT "conversations_tenant_id_organizations_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."organizations"("id") ON DELETE no action ON UPDATE no action;
--> statement-breakpoint
ALTER TABLE "conversations" ADD CONSTRAINT "conversations_customer_fk" FOREIGN KEY ("tenant_id","customer_id") REFERENCES "public"."members"("tenant_id","user_id") ON DELETE no action ON UPDATE no action;
--> statement-breakpoint
ALTER TABLE "conversations" ADD CONSTRAINT "conversations_assignee_fk" FOREIGN KEY ("tenant_id","assignee_id") REFERENCES "public"."members"("tenant_id","user_id") ON DELETE no action ON UPDATE no action;
--> statement-breakpoint
ALTER TABLE "messages" ADD CONSTRAINT "messages_conversation_fk" FOREIGN KEY ("tenant_id","conversation_id") REFERENCES "public"."conversations"("tenant_id","id") ON DELETE cascade ON UPDATE no action;
--> statement-breakpoint
ALTER TABLE "media_processing" ADD CONSTRAINT "media_processing_attachment_fk" FOREIGN KEY ("tenant_id","attachment_id") REFERENCES "public"."attachments"("tenant_id","id") ON DELETE cascade ON UPDATE no action;
--> statement-breakpoint
ALTER TABLE "api_key_secrets" ADD CONSTRAINT "api_key_secrets_key_fk" FOREIGN KEY ("tenant_id","key_id") REFERENCES "public"."api_keys"("tenant_id","id") ON DELETE cascade ON UPDATE no action;
--> statement-breakpoint
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_member_fk" FOREIGN KEY ("tenant_id","user_id") REFERENCES "public"."members"("tenant_id","user_id") ON DELETE no action ON UPDATE no action;
--> statement-breakpoint
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_creator_fk" FOREIGN KEY ("tenant_id","created_by") REFERENCES "public"."members"("tenant_id","user_id") ON DELETE no action ON UPDATE no action;
--> statement-breakpoint
ALTER TABLE "roles" ADD CONSTRAINT "roles_tenant_id_organizations_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."organizations"("id") ON DELETE no action ON UPDATE no action;
--> statement-breakpoint
ALTER TABLE "email_links" ADD CONSTRAINT "email_links_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;
--> statement-breakpoint
ALTER TABLE "invitations" ADD CONSTRAINT "invitations_tenant_id_organizations_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."organizations"("id") ON DELETE no action ON UPDATE no action;
--> statement-breakpoint
ALTER TABLE "members" ADD CONSTRAINT "members_tenant_id_organizations_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."organizations"("id") ON DELETE no action ON UPDATE no action;
--> statement-breakpoint
ALTER TABLE "members" ADD CONSTRAINT "members_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;
--> statement-breakpoint
ALTER TABLE "members" ADD CONSTRAINT "members_role_fk" FOREIGN KEY ("tenant_id","role_id") REFERENCES "public"."roles"("tenant_id","id") ON DELETE no action ON UPDATE no action;
--> statement-breakpoint
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_tenant_id_user_id_members_tenant_id_user_id_fk" FOREIGN KEY ("tenant_id","user_id") REFERENCES "public"."members"("tenant_id","user_id") ON DELETE no action ON UPDATE no action;
--> statement-breakpoint
ALTER TABLE "webhook_deliveries" ADD CONSTRAINT "webhook_deliveries_webhook_fk" FOREIGN KEY ("tenant_id","webhook_id") REFERENCES "public"."webhooks"("tenant_id","id") ON DELETE cascade ON UPDATE no action;
--> statement-breakpoint
ALTER TABLE "webhook_deliveries" ADD CONSTRAINT "webhook_deliveries_event_fk" FOREIGN KEY ("tenant_id","event_id") REFERENCES "public"."webhook_events"("tenant_id","event_id") ON DELETE cascade ON UPDATE no action;
--> statement-breakpoint
ALTER TABLE "flags" ADD CONSTRAINT "flags_tenant_id_organizations_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."organizations"("id") ON DELETE no action ON UPDATE no action;
--> statement-breakpoint
ALTER TABLE "tenant_exports" ADD CONSTRAINT "tenant_exports_tenant_id_organizations_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."organizations"("id") ON DELETE no action ON UPDATE no action;
--> statement-breakpoint
ALTER TABLE "quotas" ADD CONSTRAINT "quotas_tenant_id_organizations_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."organizations"("id") ON DELETE no action ON UPDATE no action;
--> statement-breakpoint
ALTER TABLE "byte_reservations" ADD CONSTRAINT "byte_reservations_tenant_id_organizations_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."organizations"("id") ON DELETE no action ON UPDATE no action;
--> statement-breakpoint
ALTER TABLE "deleted_attachments" ADD CONSTRAINT "deleted_attachments_tenant_id_organizations_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."organizations"("id") ON DELETE no action ON UPDATE no action;
--> statement-breakpoint
ALTER TABLE "stored_bytes" ADD CONSTRAINT "stored_bytes_tenant_id_organizations_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."organizations"("id") ON DELETE no action ON UPDATE no action;
--> statement-breakpoint
ALTER TABLE "identity"."credentials" ADD CONSTRAINT "credentials_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;
--> statement-breakpoint
ALTER TABLE "identity"."staged_passwords" ADD CONSTRAINT "staged_passwords_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;
--> statement-breakpoint
CREATE INDEX "attachments_unclaimed" ON "attachments" USING btree ("created_at") WHERE "attachments"."message_id" is null;
--> statement-breakpoint
CREATE INDEX "attachments_message" ON "attachments" USING btree ("tenant_id","message_id");
--> statement-breakpoint
CREATE INDEX "attachments_pending" ON "attachments" USING btree ("created_at") WHERE "attachments"."status" = 'pending';
--> statement-breakpoint
CREATE INDEX "uploads_expiry" ON "uploads" USING btree ("expires_at");
--> statement-breakpoint
CREATE INDEX "uploads_uploader" ON "uploads" USING btree ("tenant_id","uploaded_by");
--> statement-breakpoint
CREATE INDEX "conversation_subjects_ngrams" ON "conversation_subjects" USING gin ("tenant_id","ngrams") WITH (gin_pending_list_limit=256);
--> statement-breakpoint
CREATE INDEX "conversation_tags_conversation" ON "conversation_tags" USING btree ("tenant_id","conversation_id");
--> statement-breakpoint
CREATE INDEX "conversations_status" ON "conversations" USING btree ("tenant_id","status","number");
--> statement-breakpoint
CREATE INDEX "conversations_customer" ON "conversations" USING btree ("tenant_id","customer_id","number");
--> statement-breakpoint
CREATE INDEX "conversations_assignee" ON "conversations" USING btree ("tenant_id","assignee_id","number");
--> statement-breakpoint
CREATE INDEX "conversations_priority" ON "conversations" USING btree ("tenant_id","priority","number");
--> statement-breakpoint
CREATE UNIQUE INDEX "messages_client_message" ON "messages" USING btree ("tenant_id","conversation_id","author_id","client_message_id") WHERE client_message_id is not null;
--> statement-breakpoint
CREATE INDEX "api_key_secrets_key" ON "api_key_secrets" USING btree ("tenant_id","key_id");
--> statement-breakpoint
CREATE INDEX "email_links_user" ON "email_links" USING btree ("user_id");
--> statement-breakpoint
CREATE INDEX "email_links_email" ON "email_links" USING btree ("email");
--> statement-breakpoint
CREATE INDEX "email_links_expires" ON "email_links" USING btree ("expires_at");
--> statement-breakpoint
CREATE INDEX "daily_counts_day" ON "daily_counts" USING btree ("day");
--> statement-breakpoint
CREATE INDEX "members_user" ON "members" USING btree ("user_id");
--> statement-breakpoint
CREATE INDEX "members_active" ON "members" USING btree ("tenant_id","user_id") WHERE removed_at is null;
--> statement-breakpoint
CREATE INDEX "members_role" ON "members" USING btree ("tenant_id","role_id") WHERE role_id is not null;
--> statement-breakpoint
CREATE INDEX "members_active_role" ON "members" USING btree ("tenant_id","role","user_id") WHERE removed_at is null;
--> statement-breakpoint
CREATE INDEX "sessions_user" ON "sessions" USING btree ("user_id");
--> statement-breakpoint
CREATE INDEX "sessions_live" ON "sessions" USING btree ("tenant_id","user_id","created_at") WHERE revoked_at is null;
--> statement-breakpoint
CREATE INDEX "users_email" ON "users" USING btree ("email",(email_verified_at is null),"created_at" DESC NULLS FIRST);
--> statement-breakpoint
CREATE UNIQUE INDEX "users_verified_email" ON "users" USING btree ("email") WHERE email_verified_at is not null;
--> statement-breakpoint
CREATE INDEX "users_unverified" ON "users" USING btree ((coalesce(last_checked_at, created_at))) WHERE email_verified_at is null;
--> statement-breakpoint
CREATE INDEX "webhook_events_waiting" ON "webhook_events" USING btree ("tenant_id","position") WHERE fanned_out_at is null;
--> statement-breakpoint
CREATE INDEX "webhook_events_at" ON "webhook_events" USING btree ("tenant_id","at");
--> statement-breakpoint
CREATE INDEX "webhook_deliveries_waiting" ON "webhook_deliveries" USING btree ("tenant_id","webhook_id","ordering_key","position") WHERE status = 'waiting';
--> statement-breakpoint
CREATE INDEX "webhook_deliveries_status" ON "webhook_deliveries" USING btree ("tenant_id","webhook_id","status","position");
--> statement-breakpoint
CREATE INDEX "webhook_deliveries_log" ON "webhook_deliveries" USING btree ("tenant_id","webhook_id","position");
--> statement-breakpoint
CREATE INDEX "webhook_deliveries_event" ON "webhook_deliveries" USING btree ("tenant_id","event_id");
--> statement-breakpoint
CREATE INDEX "audit_entries_at" ON "audit_entries" USING btree ("tenant_id","at","sequence");
--> statement-breakpoint
CREATE INDEX "audit_entries_action" ON "audit_entries" USING btree ("tenant_id","action","at","sequence");
--> statement-breakpoint
CREATE INDEX "audit_entries_actor" ON "audit_entries" USING btree ("tenant_id","actor_id","at","sequence");
--> statement-breakpoint
CREATE INDEX "byte_reservations_expiry" ON "byte_reservations" USING btree ("expires_at");
--> statement-breakpoint
CREATE INDEX "usage_counters_age" ON "usage_counters" USING btree ("day");
--> statement-breakpoint
CREATE INDEX "sign_in_attempts_last" ON "identity"."sign_in_attempts" USING btree ("last_at");
--> statement-breakpoint
CREATE INDEX "outbox_waiting" ON "outbox" USING btree ("position") WHERE relayed_at is null;
--> statement-breakpoint
CREATE INDEX "outbox_created" ON "outbox" USING brin ("created_at");
--> statement-breakpoint
CREATE INDEX "idempotency_keys_created_at" ON "idempotency_keys" USING btree ("created_at");
--> statement-breakpoint
CREATE INDEX "parked_jobs_waiting" ON "parked_jobs" USING btree ("tenant_id","due_at","position") WHERE released_at is null;
--> statement-breakpoint
CREATE INDEX "parked_jobs_released" ON "parked_jobs" USING btree ("released_at") WHERE released_at is not null;
--> statement-breakpoint
CREATE INDEX "job_steps_age" ON "job_steps" USING btree ("created_at");
--> statement-breakpoint
-- Constraints and an index that the tables in TypeScript do not declare.
ALTER TABLE second_factors ADD FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE;
--> statement-breakpoint
ALTER TABLE recovery_codes ADD FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE;
--> statement-breakpoint
ALTER TABLE passkeys ADD FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE;
--> statement-breakpoint
ALTER TABLE consumed_tokens ADD FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE;
--> statement-breakpoint
ALTER TABLE identity_providers ADD FOREIGN KEY (tenant_id) REFERENCES organizations (id);
--> statement-breakpoint
ALTER TABLE identity_links
  ADD CONSTRAINT identity_links_provider_fk FOREIGN KEY (tenant_id, provider_id)
    REFERENCES identity_providers (tenant_id, id) ON DELETE CASCADE,
  ADD CONSTRAINT identity_links_member_fk FOREIGN KEY (tenant_id, user_id)
    REFERENCES members (tenant_id, user_id) ON DELETE CASCADE;
--> statement-breakpoint
ALTER TABLE quotas ADD CHECK (value >= 0);
--> statement-breakpoint
ALTER TABLE uploads ADD CHECK (size_bytes > 0), ADD CHECK (received_bytes <= size_bytes);
--> statement-breakpoint
ALTER TABLE file_policies ADD CHECK (max_file_bytes > 0);
--> statement-breakpoint
CREATE INDEX sessions_provider ON sessions USING btree (tenant_id, provider_id)
  WHERE provider_id IS NOT NULL AND revoked_at IS NULL;
--> statement-breakpoint
-- Tables of tenants.
SELECT app.protect('attachments'), app.protect('uploads'), app.protect('upload_parts'),
  app.protect('file_policies'), app.protect('deleted_attachments'), app.protect('media_processing'),
  app.protect('conversations'), app.protect('conversation_tags'),
  app.protect('conversation_subjects'), app.protect('messages'), app.protect('email_deliveries'),
  app.protect('members'), app.protect('sessions'), app.protect('invitations'), app.protect('roles'),
  app.protect('api_keys'), app.protect('api_key_secrets'), app.protect('identity_providers'),
  app.protect('identity_links'), app.protect('webhooks'), app.protect('webhook_events'),
  app.protect('webhook_deliveries'), app.protect('audit_entries'), app.protect('audit_chains'),
  app.protect('audit_checkpoints'), app.protect('flags'), app.protect('tenant_exports'),
  app.protect('quotas'), app.protect('usage_counters'), app.protect('stored_bytes'),
  app.protect('byte_reservations'), app.protect('outbox'), app.protect('idempotency_keys'),
  app.protect('job_steps'), app.protect('parked_jobs');
--> statement-breakpoint
-- What an export of a tenant contains. A queue of the system is no data of the tenant.
SELECT
  app.export_columns('api_key_secrets', 'tenant_id id key_id expires_at created_at', withheld => 'hash'),
  app.export_columns('api_keys',
    'tenant_id id name user_id role permissions created_by expires_at revoked_at last_used_at created_at'),
  app.export_columns('attachments',
    'tenant_id id name content_type size_bytes sha256 status variants rejection attempts quarantined uploaded_by ' ||
    'conversation_id message_id customer_id created_at'),
  app.export_columns('audit_chains', 'tenant_id sequence hash'),
  app.export_columns('audit_checkpoints', 'tenant_id sequence hash pruned_before'),
  app.export_columns('audit_entries',
    'tenant_id sequence event_id action actor actor_id details ip user_agent request_id at previous_hash hash'),
  app.export_columns('byte_reservations', 'tenant_id id bytes created_at expires_at'),
  app.export_columns('conversation_subjects', 'tenant_id conversation_id ngrams'),
  app.export_columns('conversation_tags', 'tenant_id tag number conversation_id'),
  app.export_columns('conversations',
    'tenant_id id number subject status priority customer_id assignee_id tags snoozed_until message_count ' ||
    'reply_count last_message_at version created_at'),
  app.export_columns('deleted_attachments', 'tenant_id id created_at'),
  app.export_columns('email_deliveries', 'tenant_id key recipient created_at sent_at'),
  app.export_columns('file_policies', 'tenant_id max_file_bytes allowed_types refused_types'),
  app.export_columns('flags', 'tenant_id name value'),
  app.export_columns('idempotency_keys', '', withheld => 'tenant_id id fingerprint response completed_at created_at'),
  app.export_columns('identity_links', 'tenant_id provider_id issuer subject user_id created_at'),
  app.export_columns('identity_providers',
    'tenant_id id name issuer client_id allowed_domains assures_two_factor auto_join enabled created_at',
    withheld => 'client_secret'),
  app.export_columns('invitations', 'tenant_id id email role invited_by expires_at accepted_at send_count created_at'),
  app.export_columns('job_steps', '', withheld => 'tenant_id job_id step result created_at done_at'),
  app.export_columns('media_processing',
    'tenant_id attachment_id status reason job_id attempts metadata loudness created_at ended_at'),
  app.export_columns('members', 'tenant_id user_id role role_id removed_at created_at'),
  app.export_columns('messages',
    'tenant_id id conversation_id sequence author_id kind body client_message_id created_at'),
  app.export_columns('outbox', '', withheld => 'position tenant_id event_id name version payload request_id ' ||
    'created_at relayed_at failure log_positions origin trace'),
  app.export_columns('parked_jobs', '', withheld => 'tenant_id queue id position due_at request released_at'),
  app.export_columns('quotas', 'tenant_id metric value'),
  app.export_columns('roles', 'tenant_id id name base permissions version created_at'),
  app.export_columns('sessions',
    'tenant_id id user_id generation refreshed_at expires_at revoked_at factor_id provider_id ip user_agent ' ||
    'created_at'),
  app.export_columns('stored_bytes', 'tenant_id bytes'),
  app.export_columns('tenant_exports', '',
    withheld => 'tenant_id id requested_by parts size_bytes sha256 expires_at ready_at created_at'),
  app.export_columns('upload_parts', 'tenant_id upload_id start size_bytes file'),
  app.export_columns('uploads',
    'tenant_id id kind name size_bytes sha256 metadata uploaded_by received_bytes parts locked_by locked_until ' ||
    'release_requested completed_at expires_at created_at'),
  app.export_columns('usage_counters', 'tenant_id day metric value'),
  app.export_columns('webhook_deliveries',
    'tenant_id webhook_id event_id position ordering_key status replay_count attempts due_since next_attempt_at ' ||
    'attempted_at response_status response_body duration_ms error'),
  app.export_columns('webhook_events', 'tenant_id position event_id type ordering_key data at fanned_out_at trace'),
  app.export_columns('webhooks',
    'tenant_id id url description events enabled disabled_reason failing_since previous_secret_until created_at',
    withheld => 'secret previous_secret');
--> statement-breakpoint
-- Tables of users.
SELECT app.protect_by_user('second_factors'), app.protect_by_user('recovery_codes'),
  app.protect_by_user('passkeys'), app.protect_by_user('consumed_tokens');
--> statement-breakpoint
-- An organization is its own tenant.
ALTER TABLE organizations ENABLE ROW LEVEL SECURITY;
--> statement-breakpoint
ALTER TABLE organizations FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
CREATE POLICY tenant ON organizations TO insightdesk_app
  USING (id = app.tenant_id()) WITH CHECK (id = app.tenant_id());
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE, DELETE ON organizations TO insightdesk_app;
--> statement-breakpoint
-- At login the user is known and the tenant is not: a user sees its own memberships and their organizations.
CREATE POLICY own_memberships ON members FOR SELECT TO insightdesk_app
  USING (app.tenant_id() IS NULL AND user_id = app.user_id());
--> statement-breakpoint
CREATE POLICY own_organizations ON organizations FOR SELECT TO insightdesk_app
  USING (app.tenant_id() IS NULL AND EXISTS (SELECT FROM members m
    WHERE m.tenant_id = organizations.id AND m.user_id = app.user_id() AND m.removed_at IS NULL));
--> statement-breakpoint
-- A user who removes a second factor takes it from its sessions in all organizations.
CREATE POLICY own_sessions ON sessions FOR UPDATE TO insightdesk_app
  USING (app.tenant_id() IS NULL AND user_id = app.user_id())
  WITH CHECK (app.tenant_id() IS NULL AND user_id = app.user_id());
--> statement-breakpoint
-- An UPDATE reads the rows that it changes.
CREATE POLICY own_sessions_read ON sessions FOR SELECT TO insightdesk_app
  USING (app.tenant_id() IS NULL AND user_id = app.user_id());
--> statement-breakpoint
-- Users are global; only their memberships tie them to tenants.
GRANT SELECT, INSERT, UPDATE ON users TO insightdesk_app;
--> statement-breakpoint
GRANT SELECT ON users TO insightdesk_identity;
--> statement-breakpoint
-- Links that are emailed to users. The id alone opens nothing: the token is signed, not stored.
ALTER TABLE email_links ENABLE ROW LEVEL SECURITY;
--> statement-breakpoint
GRANT SELECT, INSERT ON email_links TO insightdesk_app;
--> statement-breakpoint
GRANT UPDATE (used_at) ON email_links TO insightdesk_app;
--> statement-breakpoint
CREATE POLICY app ON email_links TO insightdesk_app USING (true) WITH CHECK (true);
--> statement-breakpoint
-- Keys that sign access tokens, encrypted by ENCRYPTION_KEY; a row without `sealed` is JWT_SECRET itself.
CREATE TABLE signing_keys (
  id text PRIMARY KEY,
  sealed text,
  created_at timestamp (3) with time zone NOT NULL DEFAULT now(),
  signs_from timestamp (3) with time zone NOT NULL,
  ends_at timestamp (3) with time zone
);
--> statement-breakpoint
GRANT SELECT ON signing_keys TO insightdesk_app;
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE, DELETE ON signing_keys TO insightdesk_identity;
--> statement-breakpoint
-- Passwords. `users.password_hash` is write-only: a trigger moves the hash of a new user to identity.credentials.
GRANT SELECT, INSERT, UPDATE, DELETE ON identity.credentials, identity.sign_in_attempts
  TO insightdesk_identity;
--> statement-breakpoint
CREATE FUNCTION identity.store_password_hash() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  INSERT INTO identity.credentials (user_id, password_hash) VALUES (NEW.id, NEW.password_hash);
  UPDATE public.users SET password_hash = NULL WHERE id = NEW.id;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE FUNCTION identity.reject_password_hash() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'passwords are changed in identity.credentials'
    USING ERRCODE = 'insufficient_privilege';
END $$;
--> statement-breakpoint
REVOKE ALL ON FUNCTION identity.store_password_hash(), identity.reject_password_hash() FROM PUBLIC;
--> statement-breakpoint
CREATE TRIGGER store_password_hash AFTER INSERT ON users FOR EACH ROW
  WHEN (NEW.password_hash IS NOT NULL) EXECUTE FUNCTION identity.store_password_hash();
--> statement-breakpoint
CREATE TRIGGER reject_password_hash BEFORE UPDATE ON users FOR EACH ROW
  WHEN (NEW.password_hash IS NOT NULL) EXECUTE FUNCTION identity.reject_password_hash();
--> statement-breakpoint
-- A new password takes effect when the transaction that ends the sessions presents its ticket: one commit for both.
GRANT INSERT, UPDATE, SELECT (user_id) ON identity.staged_passwords TO insightdesk_identity;
--> statement-breakpoint
ALTER TABLE identity.staged_passwords ENABLE ROW LEVEL SECURITY;
--> statement-breakpoint
CREATE POLICY identity ON identity.staged_passwords TO insightdesk_identity
  USING (true) WITH CHECK (true);
--> statement-breakpoint
CREATE FUNCTION identity.apply_staged_password() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  staged text;
BEGIN
  DELETE FROM identity.staged_passwords s WHERE s.user_id = NEW.id AND s.ticket = NEW.password_ticket
    RETURNING s.password_hash INTO staged;
  IF staged IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = 'no staged password has this ticket';
  END IF;
  INSERT INTO identity.credentials AS c (user_id, password_hash) VALUES (NEW.id, staged)
    ON CONFLICT (user_id) DO UPDATE SET password_hash = excluded.password_hash, changed_at = now();
  NEW.password_ticket := NULL;
  RETURN NEW;
END $$;
--> statement-breakpoint
REVOKE ALL ON FUNCTION identity.apply_staged_password() FROM PUBLIC;
--> statement-breakpoint
CREATE TRIGGER apply_staged_password BEFORE UPDATE OF password_ticket ON users FOR EACH ROW
  WHEN (NEW.password_ticket IS NOT NULL) EXECUTE FUNCTION identity.apply_staged_password();
--> statement-breakpoint
ALTER TABLE identity.sign_in_attempts ENABLE ROW LEVEL SECURITY;
--> statement-breakpoint
CREATE POLICY identity ON identity.sign_in_attempts TO insightdesk_identity
  USING (true) WITH CHECK (true);
--> statement-breakpoint
-- Daily quotas. Consumes one of `max_count` per key and day (UTC): true, or null when none is left. Concurrent
-- callers wait for each other; a rollback returns what it consumed. The services can do nothing else with the counts.
ALTER TABLE daily_counts ENABLE ROW LEVEL SECURITY;
--> statement-breakpoint
CREATE FUNCTION app.consume_daily_quota(quota_key text, max_count integer) RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  INSERT INTO public.daily_counts AS c (key, day, count)
    VALUES (quota_key, (now() AT TIME ZONE 'UTC')::date, 1)
    ON CONFLICT (key, day) DO UPDATE SET count = c.count + 1 WHERE c.count < max_count
    RETURNING true
$$;
--> statement-breakpoint
REVOKE ALL ON FUNCTION app.consume_daily_quota(text, integer) FROM PUBLIC;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION app.consume_daily_quota(text, integer) TO insightdesk_app;
--> statement-breakpoint
-- Permissions and secrets of an API key are set once.
REVOKE UPDATE ON api_keys, api_key_secrets FROM insightdesk_app;
--> statement-breakpoint
GRANT UPDATE (revoked_at, last_used_at) ON api_keys TO insightdesk_app;
--> statement-breakpoint
GRANT UPDATE (expires_at) ON api_key_secrets TO insightdesk_app;
--> statement-breakpoint
-- What a member may do now, as its token states it: its role, and the version of its custom role.
CREATE FUNCTION app.authorization_version(role text, custom_role uuid, version integer) RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN role || coalesce('/' || custom_role || '/' || version, '');
--> statement-breakpoint
-- The live ones of these sessions and API key secrets with their authorization version: `none` while the
-- organization is disabled.
CREATE FUNCTION app.live_sessions(tenant uuid, session_ids uuid[])
RETURNS TABLE (id uuid, authorization_version text) LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT s.id, CASE WHEN o.disabled_at IS NULL THEN app.authorization_version(m.role, r.id, r.version)
      ELSE 'none' END
    FROM public.sessions s
    JOIN public.members m ON m.tenant_id = s.tenant_id AND m.user_id = s.user_id
    JOIN public.organizations o ON o.id = s.tenant_id
    LEFT JOIN public.roles r ON r.tenant_id = m.tenant_id AND r.id = m.role_id
    WHERE s.tenant_id = tenant AND s.id = ANY (session_ids)
      AND s.revoked_at IS NULL AND s.expires_at > now() AND m.removed_at IS NULL
  UNION ALL
  SELECT s.id, CASE WHEN o.disabled_at IS NULL THEN 'key' ELSE 'none' END
    FROM public.api_key_secrets s
    JOIN public.api_keys k ON k.tenant_id = s.tenant_id AND k.id = s.key_id
    JOIN public.organizations o ON o.id = s.tenant_id
    WHERE s.tenant_id = tenant AND s.id = ANY (session_ids)
      AND s.expires_at > now() AND k.revoked_at IS NULL;
END;
--> statement-breakpoint
-- Whether this session lacks the second factor that its organization requires; false for API keys.
CREATE FUNCTION app.lacks_second_factor(tenant uuid, session uuid) RETURNS boolean LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT EXISTS (
    SELECT FROM public.sessions s JOIN public.organizations o ON o.id = s.tenant_id
    WHERE s.tenant_id = tenant AND s.id = session AND s.factor_id IS NULL AND o.require_two_factor);
END;
--> statement-breakpoint
-- Sets the transaction's scope: a tenant, a user, or neither. Raises ID001 unless the session is live, ID002 when
-- its organization is disabled, ID003 when the authorization version differs from the claimed one, ID004 when it
-- lacks the required second factor, unless the work sets one up. An API key's session is one of its secrets, its
-- authorization version is `key`. Work without a session continues while an organization is disabled.
-- Every request begins with it: it reads by primary keys and past the policies, which would cost more than the reads.
CREATE FUNCTION app.authorize(tenant uuid, scope_user uuid, session uuid, claimed_version text,
  during_setup boolean DEFAULT false)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  disabled boolean;
  current_version text := 'key';
  custom_role uuid;
  lacks_factor boolean := false;
BEGIN
  PERFORM set_config('app.tenant_id', coalesce(tenant::text, ''), true),
    set_config('app.user_id', coalesce(scope_user::text, ''), true);
  IF session IS NULL THEN
    RETURN;
  END IF;
  IF claimed_version = 'key' THEN
    SELECT o.disabled_at IS NOT NULL INTO disabled
      FROM public.api_key_secrets s
      JOIN public.api_keys k ON k.tenant_id = s.tenant_id AND k.id = s.key_id
      JOIN public.organizations o ON o.id = s.tenant_id
      WHERE s.tenant_id = tenant AND s.id = session AND k.user_id = scope_user
        AND s.expires_at > now() AND k.revoked_at IS NULL;
  ELSE
    SELECT o.disabled_at IS NOT NULL, m.role, m.role_id, s.factor_id IS NULL AND o.require_two_factor
      INTO disabled, current_version, custom_role, lacks_factor
      FROM public.sessions s
      JOIN public.members m ON m.tenant_id = s.tenant_id AND m.user_id = s.user_id
      JOIN public.organizations o ON o.id = s.tenant_id
      WHERE s.tenant_id = tenant AND s.id = session AND s.user_id = scope_user
        AND s.revoked_at IS NULL AND s.expires_at > now() AND m.removed_at IS NULL;
    IF custom_role IS NOT NULL THEN
      SELECT app.authorization_version(current_version, r.id, r.version) INTO current_version
        FROM public.roles r WHERE r.tenant_id = tenant AND r.id = custom_role;
    END IF;
  END IF;
  IF disabled IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'ID001', MESSAGE = 'the session is not live';
  ELSIF disabled THEN
    RAISE EXCEPTION USING ERRCODE = 'ID002', MESSAGE = 'the organization is disabled';
  ELSIF current_version IS DISTINCT FROM claimed_version THEN
    RAISE EXCEPTION USING ERRCODE = 'ID003', MESSAGE = 'the permissions of the member have changed';
  ELSIF lacks_factor AND NOT coalesce(during_setup, false) THEN
    RAISE EXCEPTION USING ERRCODE = 'ID004', MESSAGE = 'a second factor is required';
  END IF;
END $$;
--> statement-breakpoint
REVOKE ALL ON FUNCTION app.authorize(uuid, uuid, uuid, text, boolean) FROM PUBLIC;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION app.authorize(uuid, uuid, uuid, text, boolean)
  TO insightdesk_app, insightdesk_relay, insightdesk_identity;
--> statement-breakpoint
-- It runs as a role that can do nothing else (deploy/provision.sql).
GRANT SELECT (tenant_id, id, user_id, factor_id, revoked_at, expires_at) ON sessions TO insightdesk_authorizer;
--> statement-breakpoint
GRANT SELECT (tenant_id, user_id, role, role_id, removed_at) ON members TO insightdesk_authorizer;
--> statement-breakpoint
GRANT SELECT (id, disabled_at, require_two_factor) ON organizations TO insightdesk_authorizer;
--> statement-breakpoint
GRANT SELECT (tenant_id, id, version) ON roles TO insightdesk_authorizer;
--> statement-breakpoint
GRANT SELECT (tenant_id, id, key_id, expires_at) ON api_key_secrets TO insightdesk_authorizer;
--> statement-breakpoint
GRANT SELECT (tenant_id, id, user_id, revoked_at) ON api_keys TO insightdesk_authorizer;
--> statement-breakpoint
CREATE POLICY authorizer ON sessions FOR SELECT TO insightdesk_authorizer USING (true);
--> statement-breakpoint
CREATE POLICY authorizer ON members FOR SELECT TO insightdesk_authorizer USING (true);
--> statement-breakpoint
CREATE POLICY authorizer ON organizations FOR SELECT TO insightdesk_authorizer USING (true);
--> statement-breakpoint
CREATE POLICY authorizer ON roles FOR SELECT TO insightdesk_authorizer USING (true);
--> statement-breakpoint
CREATE POLICY authorizer ON api_key_secrets FOR SELECT TO insightdesk_authorizer USING (true);
--> statement-breakpoint
CREATE POLICY authorizer ON api_keys FOR SELECT TO insightdesk_authorizer USING (true);
--> statement-breakpoint
-- An owner of a function needs CREATE on its schema while it becomes the owner.
GRANT CREATE ON SCHEMA app TO insightdesk_authorizer, insightdesk_search;
--> statement-breakpoint
ALTER FUNCTION app.authorize(uuid, uuid, uuid, text, boolean) OWNER TO insightdesk_authorizer;
--> statement-breakpoint
-- The access generation counts how often access was revoked in an organization. A session that was authorized at a
-- generation is not checked again while the generation stays the same.
CREATE TABLE app.access_generations (
  tenant_id uuid PRIMARY KEY REFERENCES organizations (id) ON DELETE CASCADE,
  generation bigint NOT NULL
);
--> statement-breakpoint
GRANT SELECT ON app.access_generations TO insightdesk_app, insightdesk_relay, insightdesk_identity;
--> statement-breakpoint
-- Raised when the generation has changed. Volatile, so that it is called only where it is reached.
CREATE FUNCTION app.require_reauthorization() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'ID005', MESSAGE = 'access has changed since the session was authorized';
END $$;
--> statement-breakpoint
REVOKE ALL ON FUNCTION app.require_reauthorization() FROM PUBLIC;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION app.require_reauthorization()
  TO insightdesk_app, insightdesk_relay, insightdesk_identity;
--> statement-breakpoint
-- Notifies the services that hold sockets, past relay and Valkey: '<tenant> <generation> <user>', without the user when
-- it concerns the whole organization. Generations are notified in order, so that a missed one shows.
CREATE FUNCTION app.notify_access(tenant uuid, changed_user uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  next bigint;
BEGIN
  INSERT INTO app.access_generations AS g (tenant_id, generation) VALUES (tenant, 1)
    ON CONFLICT (tenant_id) DO UPDATE SET generation = g.generation + 1
    RETURNING g.generation INTO next;
  PERFORM pg_notify('access', concat_ws(' ', tenant, next, changed_user));
END $$;
--> statement-breakpoint
REVOKE ALL ON FUNCTION app.notify_access(uuid, uuid) FROM PUBLIC;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION app.notify_access(uuid, uuid)
  TO insightdesk_app, insightdesk_relay, insightdesk_identity;
--> statement-breakpoint
-- Triggers call it, so that no writer can leave it out.
CREATE FUNCTION app.access_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_TABLE_NAME = 'organizations' THEN
    PERFORM app.notify_access(OLD.id, NULL);
  ELSE
    PERFORM app.notify_access(OLD.tenant_id, OLD.user_id);
  END IF;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER access_changed AFTER UPDATE OF revoked_at ON sessions FOR EACH ROW
  WHEN (NEW.revoked_at IS DISTINCT FROM OLD.revoked_at) EXECUTE FUNCTION app.access_changed();
--> statement-breakpoint
CREATE TRIGGER live_session_deleted AFTER DELETE ON sessions FOR EACH ROW
  WHEN (OLD.revoked_at IS NULL AND OLD.expires_at > now()) EXECUTE FUNCTION app.access_changed();
--> statement-breakpoint
CREATE TRIGGER access_changed AFTER UPDATE OF role, removed_at ON members FOR EACH ROW
  WHEN (NEW.role IS DISTINCT FROM OLD.role OR NEW.removed_at IS DISTINCT FROM OLD.removed_at)
  EXECUTE FUNCTION app.access_changed();
--> statement-breakpoint
CREATE TRIGGER access_changed AFTER UPDATE OF disabled_at ON organizations FOR EACH ROW
  WHEN (NEW.disabled_at IS DISTINCT FROM OLD.disabled_at) EXECUTE FUNCTION app.access_changed();
--> statement-breakpoint
CREATE TRIGGER second_factor_removed AFTER UPDATE OF factor_id ON sessions FOR EACH ROW
  WHEN (OLD.factor_id IS NOT NULL AND NEW.factor_id IS NULL) EXECUTE FUNCTION app.access_changed();
--> statement-breakpoint
CREATE TRIGGER second_factor_required AFTER UPDATE OF require_two_factor ON organizations FOR EACH ROW
  WHEN (NEW.require_two_factor AND NOT OLD.require_two_factor)
  EXECUTE FUNCTION app.access_changed();
--> statement-breakpoint
-- The same for rows that change an authorization version.
CREATE FUNCTION app.authorization_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  changed_user uuid;
BEGIN
  IF TG_TABLE_NAME = 'roles' THEN
    PERFORM app.notify_access(OLD.tenant_id, NULL);
    RETURN NULL;
  END IF;
  IF TG_TABLE_NAME = 'api_key_secrets' THEN
    SELECT k.user_id INTO changed_user FROM api_keys k
      WHERE k.tenant_id = OLD.tenant_id AND k.id = OLD.key_id;
  ELSE
    changed_user := OLD.user_id;
  END IF;
  IF changed_user IS NOT NULL THEN
    PERFORM app.notify_access(OLD.tenant_id, changed_user);
  END IF;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER authorization_changed AFTER UPDATE OF version ON roles FOR EACH ROW
  WHEN (NEW.version IS DISTINCT FROM OLD.version) EXECUTE FUNCTION app.authorization_changed();
--> statement-breakpoint
CREATE TRIGGER authorization_changed AFTER UPDATE OF role_id ON members FOR EACH ROW
  WHEN (NEW.role_id IS DISTINCT FROM OLD.role_id) EXECUTE FUNCTION app.authorization_changed();
--> statement-breakpoint
CREATE TRIGGER authorization_changed AFTER UPDATE OF revoked_at ON api_keys FOR EACH ROW
  WHEN (NEW.revoked_at IS DISTINCT FROM OLD.revoked_at) EXECUTE FUNCTION app.authorization_changed();
--> statement-breakpoint
CREATE TRIGGER authorization_changed AFTER DELETE OR UPDATE OF expires_at ON api_key_secrets
  FOR EACH ROW EXECUTE FUNCTION app.authorization_changed();
--> statement-breakpoint
-- Search in subjects: all n-grams of a text between two lengths, in lower case.
CREATE FUNCTION app.ngrams(value text, min_length integer, max_length integer)
RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN (
  SELECT coalesce(array_agg(substr(small, start, size)), '{}')
  FROM lower(value) small, generate_series(min_length, max_length) size,
    generate_series(1, length(small) - size + 1) start
);
--> statement-breakpoint
-- Copies tags and n-grams of the subject to the tables that have indexes for them.
CREATE FUNCTION app.index_conversation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' OR NEW.subject IS DISTINCT FROM OLD.subject THEN
    INSERT INTO conversation_subjects VALUES (NEW.tenant_id, NEW.id, app.ngrams(NEW.subject, 1, 3))
      ON CONFLICT (tenant_id, conversation_id) DO UPDATE SET ngrams = EXCLUDED.ngrams;
  END IF;
  IF TG_OP = 'UPDATE' THEN
    DELETE FROM conversation_tags
      WHERE tenant_id = NEW.tenant_id AND conversation_id = NEW.id AND tag <> ALL (NEW.tags);
  END IF;
  INSERT INTO conversation_tags (tenant_id, tag, number, conversation_id)
    SELECT NEW.tenant_id, tag, NEW.number, NEW.id FROM unnest(NEW.tags) tag
    ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER index_inserted AFTER INSERT ON conversations
  FOR EACH ROW EXECUTE FUNCTION app.index_conversation();
--> statement-breakpoint
CREATE TRIGGER index_updated AFTER UPDATE OF subject, tags ON conversations FOR EACH ROW
  WHEN (NEW.subject IS DISTINCT FROM OLD.subject OR NEW.tags IS DISTINCT FROM OLD.tags)
  EXECUTE FUNCTION app.index_conversation();
--> statement-breakpoint
-- Under a policy an index serves leakproof operators only, and a comparison of parts of a text is not one. This
-- function sees all rows and compares only the tenant's; the tenant comes from the transaction and not from the
-- caller, who reads the result under the policy again. Each call is planned for its own values.
-- Common words are found among the newest 1,000; rarer ones by the index of n-grams, which alone would collect
-- every match to return the newest.
CREATE FUNCTION app.find_conversations(part text, viewer uuid, wanted_status text,
  wanted_priority text, wanted_assignee uuid, wanted_tag text, before_number integer, max_rows integer)
RETURNS SETOF uuid LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  tenant uuid := app.tenant_id();
  ngrams text[] := app.ngrams(part, least(3, length(lower(part))), 3);
  matching text := ' WHERE c.tenant_id = $1 AND strpos(lower(c.subject), lower($3)) > 0';
  newest text := ' ORDER BY c.number DESC LIMIT $10';
  found uuid[];
BEGIN
  IF tenant IS NULL THEN
    RETURN;
  END IF;
  IF viewer IS NOT NULL THEN matching := matching || ' AND c.customer_id = $4'; END IF;
  IF wanted_status IS NOT NULL THEN matching := matching || ' AND c.status = $5'; END IF;
  IF wanted_priority IS NOT NULL THEN matching := matching || ' AND c.priority = $6'; END IF;
  IF wanted_assignee IS NOT NULL THEN matching := matching || ' AND c.assignee_id = $7'; END IF;
  IF wanted_tag IS NOT NULL THEN
    matching := matching || ' AND EXISTS (SELECT FROM public.conversation_tags t'
      ' WHERE t.tenant_id = $1 AND t.tag = $8 AND t.number = c.number)';
  END IF;
  EXECUTE 'SELECT array(SELECT c.id FROM (SELECT tenant_id, id, number, subject, status,'
    ' priority, customer_id, assignee_id FROM public.conversations'
    ' WHERE tenant_id = $1 AND number < $9 ORDER BY number DESC LIMIT 1000) c'
    || matching || newest || ')'
    INTO found
    USING tenant, ngrams, part, viewer, wanted_status, wanted_priority, wanted_assignee,
      wanted_tag, coalesce(before_number, 2147483647), max_rows;
  IF cardinality(found) = max_rows THEN
    RETURN QUERY SELECT unnest(found);
  ELSE
    RETURN QUERY EXECUTE 'SELECT c.id FROM public.conversation_subjects s'
      ' JOIN public.conversations c ON c.tenant_id = s.tenant_id AND c.id = s.conversation_id'
      || matching || ' AND s.tenant_id = $1 AND s.ngrams @> $2 AND c.number < $9' || newest
      USING tenant, ngrams, part, viewer, wanted_status, wanted_priority, wanted_assignee,
        wanted_tag, coalesce(before_number, 2147483647), max_rows;
  END IF;
END $$;
--> statement-breakpoint
REVOKE ALL ON FUNCTION app.find_conversations(text, uuid, text, text, uuid, text, integer, integer)
  FROM PUBLIC;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION
  app.find_conversations(text, uuid, text, text, uuid, text, integer, integer) TO insightdesk_app;
--> statement-breakpoint
-- It runs as a role that can do nothing else (deploy/provision.sql).
GRANT SELECT (tenant_id, id, number, subject, status, priority, customer_id, assignee_id)
  ON conversations TO insightdesk_search;
--> statement-breakpoint
GRANT SELECT ON conversation_subjects, conversation_tags TO insightdesk_search;
--> statement-breakpoint
CREATE POLICY search ON conversations FOR SELECT TO insightdesk_search USING (true);
--> statement-breakpoint
CREATE POLICY search ON conversation_subjects FOR SELECT TO insightdesk_search USING (true);
--> statement-breakpoint
CREATE POLICY search ON conversation_tags FOR SELECT TO insightdesk_search USING (true);
--> statement-breakpoint
ALTER FUNCTION app.find_conversations(text, uuid, text, text, uuid, text, integer, integer)
  OWNER TO insightdesk_search;
--> statement-breakpoint
REVOKE CREATE ON SCHEMA app FROM insightdesk_authorizer, insightdesk_search;
--> statement-breakpoint
-- Usage. Services add to the counters of many organizations at once, and can do no more with them; the result is
-- the usage of those organizations, all processes together, and how many of their jobs are parked, up to 100,000.
REVOKE INSERT, UPDATE, DELETE ON usage_counters FROM insightdesk_app;
--> statement-breakpoint
CREATE POLICY owner_write ON usage_counters TO CURRENT_USER USING (true) WITH CHECK (true);
--> statement-breakpoint
CREATE POLICY owner_read ON quotas FOR SELECT TO CURRENT_USER USING (true);
--> statement-breakpoint
CREATE FUNCTION app.count_usage(tenants uuid[], days date[], metrics text[], amounts bigint[])
RETURNS TABLE (tenant_id uuid, day text, today bigint, month bigint, quotas jsonb, parked bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  now_day date := (now() AT TIME ZONE 'utc')::date;
BEGIN
  INSERT INTO public.usage_counters AS c (tenant_id, day, metric, value)
    SELECT * FROM unnest(tenants, days, metrics, amounts) AS n (tenant_id, day, metric, value)
    -- Deleted organizations are not counted.
    WHERE n.value > 0
      AND NOT EXISTS (SELECT FROM public.tenant_deletions d WHERE d.organization_id = n.tenant_id)
    ON CONFLICT (tenant_id, day, metric) DO UPDATE SET value = c.value + excluded.value;
  RETURN QUERY SELECT t.id, to_char(now_day, 'YYYY-MM-DD'),
      coalesce(sum(c.value) FILTER (WHERE c.day = now_day), 0)::bigint,
      coalesce(sum(c.value), 0)::bigint,
      (SELECT jsonb_object_agg(q.metric, q.value) FROM public.quotas q WHERE q.tenant_id = t.id),
      (SELECT count(*) FROM (SELECT FROM public.parked_jobs p
        WHERE p.tenant_id = t.id AND p.released_at IS NULL LIMIT 100000) waiting)
    FROM (SELECT DISTINCT unnest(tenants) AS id) t
    LEFT JOIN public.usage_counters c ON c.tenant_id = t.id AND c.metric = 'requests'
      AND c.day >= date_trunc('month', now_day)::date
    GROUP BY t.id;
END $$;
--> statement-breakpoint
REVOKE ALL ON FUNCTION app.count_usage(uuid[], date[], text[], bigint[]) FROM PUBLIC;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION app.count_usage(uuid[], date[], text[], bigint[]) TO insightdesk_app;
--> statement-breakpoint
-- An organization's own quota, or the given default; 0 is no limit.
CREATE FUNCTION app.quota(tenant uuid, wanted text, fallback bigint) RETURNS bigint
LANGUAGE sql STABLE
  RETURN coalesce((SELECT value FROM quotas WHERE tenant_id = tenant AND metric = wanted), fallback);
--> statement-breakpoint
-- Stored bytes: files and reservations for uploads in progress. A rejected attachment counts nothing.
CREATE FUNCTION app.attachment_bytes(size bigint, variants jsonb) RETURNS bigint LANGUAGE sql IMMUTABLE
  RETURN size + (SELECT coalesce(sum((v ->> 'sizeBytes')::bigint), 0)
    FROM jsonb_array_elements(variants) v)::bigint;
--> statement-breakpoint
-- Adds to an organization's stored bytes. The first call sums up its attachments; that sum includes the change when
-- `is_counted`.
CREATE FUNCTION app.add_stored_bytes(tenant uuid, change bigint, is_counted boolean) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE stored_bytes SET bytes = bytes + change WHERE tenant_id = tenant;
  IF FOUND OR change < 0 THEN
    RETURN;
  END IF;
  INSERT INTO stored_bytes SELECT tenant, coalesce(sum(app.attachment_bytes(size_bytes, variants)), 0)
      + CASE WHEN is_counted THEN 0 ELSE change END FROM attachments
      WHERE tenant_id = tenant AND status <> 'rejected'
    ON CONFLICT (tenant_id) DO UPDATE SET bytes = stored_bytes.bytes + change;
END $$;
--> statement-breakpoint
CREATE FUNCTION app.count_attachment() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  change bigint := 0;
BEGIN
  IF TG_OP <> 'INSERT' AND OLD.status <> 'rejected' THEN
    change := change - app.attachment_bytes(OLD.size_bytes, OLD.variants);
  END IF;
  IF TG_OP <> 'DELETE' AND NEW.status <> 'rejected' THEN
    change := change + app.attachment_bytes(NEW.size_bytes, NEW.variants);
  END IF;
  IF change <> 0 THEN
    PERFORM app.add_stored_bytes(coalesce(NEW.tenant_id, OLD.tenant_id), change, true);
  END IF;
  -- Its files are deleted later.
  IF TG_OP = 'UPDATE' AND NEW.status = 'rejected' AND OLD.status <> 'rejected' THEN
    INSERT INTO deleted_attachments (tenant_id, id) VALUES (NEW.tenant_id, NEW.id)
      ON CONFLICT DO NOTHING;
  END IF;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER count_bytes AFTER INSERT OR DELETE OR UPDATE OF size_bytes, variants, status ON attachments
  FOR EACH ROW EXECUTE FUNCTION app.count_attachment();
--> statement-breakpoint
-- Reserves bytes for an upload; `reserved` is false when that would exceed the quota.
CREATE FUNCTION app.reserve_bytes(tenant uuid, upload uuid, wanted bigint, fallback bigint,
  OUT reserved boolean, OUT used bigint, OUT allowed bigint) LANGUAGE plpgsql AS $$
BEGIN
  PERFORM app.add_stored_bytes(tenant, 0, false);
  allowed := app.quota(tenant, 'stored-bytes', fallback);
  UPDATE stored_bytes SET bytes = bytes + wanted
    WHERE tenant_id = tenant AND (allowed = 0 OR bytes + wanted <= allowed);
  reserved := FOUND;
  SELECT bytes INTO used FROM stored_bytes WHERE tenant_id = tenant;
  IF reserved THEN
    INSERT INTO byte_reservations (tenant_id, id, bytes) VALUES (tenant, upload, wanted);
  END IF;
END $$;
--> statement-breakpoint
-- Ends a reservation; false when it had expired and was released before.
CREATE FUNCTION app.release_bytes(tenant uuid, upload uuid) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  freed bigint;
BEGIN
  DELETE FROM byte_reservations WHERE tenant_id = tenant AND id = upload RETURNING bytes INTO freed;
  UPDATE stored_bytes SET bytes = bytes - freed WHERE tenant_id = tenant AND freed IS NOT NULL;
  RETURN freed IS NOT NULL;
END $$;
--> statement-breakpoint
REVOKE UPDATE ON upload_parts FROM insightdesk_app;
--> statement-breakpoint
REVOKE UPDATE, DELETE ON deleted_attachments FROM insightdesk_app;
--> statement-breakpoint
-- Idempotency keys. Requests without a member, such as a registration, have the nil tenant: a transaction sees the
-- one row that it names.
CREATE POLICY anonymous ON idempotency_keys TO insightdesk_app
  USING (tenant_id = '00000000-0000-0000-0000-000000000000' AND id = current_setting('app.idempotency_key', true))
  WITH CHECK (tenant_id = '00000000-0000-0000-0000-000000000000' AND id = current_setting('app.idempotency_key', true));
--> statement-breakpoint
-- Reserves a key in the transaction of the request's effect. Raises IDK01 while another transaction holds it, IDK02
-- when the request was completed within 24 hours.
CREATE FUNCTION app.reserve_idempotency_key(tenant uuid, key text, request_fingerprint text)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM set_config('app.idempotency_key', key, true);
  IF NOT pg_try_advisory_xact_lock(hashtextextended('request ' || tenant || ' ' || key, 0)) THEN
    RAISE EXCEPTION USING ERRCODE = 'IDK01', MESSAGE = 'the request is in progress';
  END IF;
  INSERT INTO idempotency_keys AS k (tenant_id, id, fingerprint) VALUES (tenant, key, request_fingerprint)
    ON CONFLICT (tenant_id, id) DO UPDATE
      SET fingerprint = request_fingerprint, response = NULL, completed_at = NULL, created_at = now()
      WHERE k.created_at < now() - interval '24 hours';
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'IDK02', MESSAGE = 'the request was completed';
  END IF;
END $$;
--> statement-breakpoint
-- The response of the last 24 hours, if any.
CREATE FUNCTION app.find_idempotency_key(tenant uuid, key text)
RETURNS TABLE (fingerprint text, response text, completed boolean, recent boolean) LANGUAGE plpgsql AS $$
BEGIN
  PERFORM set_config('app.idempotency_key', key, true);
  RETURN QUERY SELECT k.fingerprint, k.response, k.completed_at IS NOT NULL,
      k.created_at > now() - interval '1 minute'
    FROM idempotency_keys k
    WHERE k.tenant_id = tenant AND k.id = key
      AND k.created_at >= now() - interval '24 hours';
END $$;
--> statement-breakpoint
CREATE FUNCTION app.complete_idempotency_key(tenant uuid, key text, stored_response text)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM set_config('app.idempotency_key', key, true);
  UPDATE idempotency_keys SET response = stored_response, completed_at = now()
    WHERE tenant_id = tenant AND id = key;
END $$;
--> statement-breakpoint
CREATE FUNCTION app.release_idempotency_key(tenant uuid, key text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM set_config('app.idempotency_key', key, true);
  DELETE FROM idempotency_keys WHERE tenant_id = tenant AND id = key;
END $$;
--> statement-breakpoint
-- Parked jobs: tenants' code counts its own, workers read and write them.
REVOKE ALL ON parked_jobs FROM insightdesk_app;
--> statement-breakpoint
GRANT SELECT (tenant_id, released_at) ON parked_jobs TO insightdesk_app;
--> statement-breakpoint
GRANT SELECT, INSERT, DELETE, UPDATE (released_at) ON parked_jobs TO insightdesk_relay;
--> statement-breakpoint
CREATE POLICY relay ON parked_jobs TO insightdesk_relay USING (true) WITH CHECK (true);
--> statement-breakpoint
CREATE POLICY owner_read ON parked_jobs FOR SELECT TO CURRENT_USER USING (true);
--> statement-breakpoint
-- The relay reads events of all tenants and marks them.
GRANT SELECT, DELETE ON outbox TO insightdesk_relay;
--> statement-breakpoint
GRANT UPDATE (relayed_at, failure, log_positions) ON outbox TO insightdesk_relay;
--> statement-breakpoint
CREATE POLICY relay ON outbox TO insightdesk_relay USING (true) WITH CHECK (true);
--> statement-breakpoint
-- It finds the tenants with webhooks and writes the events for them; it reads no secrets.
GRANT SELECT (tenant_id, enabled) ON webhooks TO insightdesk_relay;
--> statement-breakpoint
CREATE POLICY relay ON webhooks FOR SELECT TO insightdesk_relay USING (true);
--> statement-breakpoint
GRANT SELECT (tenant_id, event_id), INSERT (tenant_id, event_id, type, ordering_key, data, at, trace)
  ON webhook_events TO insightdesk_relay;
--> statement-breakpoint
CREATE POLICY relay ON webhook_events TO insightdesk_relay USING (true) WITH CHECK (true);
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE, DELETE ON schedules TO insightdesk_relay;
--> statement-breakpoint
-- Audit log: tenants' code reads, the relay appends, and no role changes an entry.
REVOKE INSERT, UPDATE, DELETE ON audit_entries, audit_chains, audit_checkpoints FROM insightdesk_app;
--> statement-breakpoint
GRANT SELECT (tenant_id, sequence, event_id, hash, at), INSERT, DELETE ON audit_entries TO insightdesk_relay;
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE (sequence, hash), DELETE ON audit_chains TO insightdesk_relay;
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE (sequence, hash, pruned_before), DELETE ON audit_checkpoints TO insightdesk_relay;
--> statement-breakpoint
CREATE POLICY relay_read ON audit_entries FOR SELECT TO insightdesk_relay USING (true);
--> statement-breakpoint
CREATE POLICY relay_insert ON audit_entries FOR INSERT TO insightdesk_relay WITH CHECK (true);
--> statement-breakpoint
CREATE POLICY relay ON audit_chains TO insightdesk_relay USING (true) WITH CHECK (true);
--> statement-breakpoint
CREATE POLICY relay_read ON audit_checkpoints FOR SELECT TO insightdesk_relay USING (true);
--> statement-breakpoint
-- A checkpoint is an entry of the log that is older than any retention setting allows to prune.
CREATE POLICY relay_insert ON audit_checkpoints FOR INSERT TO insightdesk_relay WITH CHECK (
  pruned_before < now() - interval '89 days' AND EXISTS (SELECT FROM audit_entries e
    WHERE e.tenant_id = audit_checkpoints.tenant_id AND e.sequence = audit_checkpoints.sequence
      AND e.hash = audit_checkpoints.hash AND e.at < audit_checkpoints.pruned_before));
--> statement-breakpoint
CREATE POLICY relay_update ON audit_checkpoints FOR UPDATE TO insightdesk_relay USING (true) WITH CHECK (
  pruned_before < now() - interval '89 days' AND EXISTS (SELECT FROM audit_entries e
    WHERE e.tenant_id = audit_checkpoints.tenant_id AND e.sequence = audit_checkpoints.sequence
      AND e.hash = audit_checkpoints.hash AND e.at < audit_checkpoints.pruned_before));
--> statement-breakpoint
CREATE FUNCTION app.reject_checkpoint() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = '42501', MESSAGE = 'a checkpoint cannot move backwards';
END $$;
--> statement-breakpoint
CREATE TRIGGER forward_only BEFORE UPDATE ON audit_checkpoints FOR EACH ROW
  WHEN (NEW.sequence <= OLD.sequence) EXECUTE FUNCTION app.reject_checkpoint();
--> statement-breakpoint
-- Entries are deleted up to the checkpoint, and with their organization.
CREATE POLICY relay_prune ON audit_entries FOR DELETE TO insightdesk_relay USING (EXISTS (
  SELECT FROM audit_checkpoints c
  WHERE c.tenant_id = audit_entries.tenant_id AND c.sequence >= audit_entries.sequence));
--> statement-breakpoint
CREATE POLICY relay_delete ON audit_entries FOR DELETE TO insightdesk_relay USING (EXISTS (
  SELECT FROM tenant_deletions d WHERE d.organization_id = tenant_id AND d.finished_at IS NULL));
--> statement-breakpoint
CREATE POLICY relay_delete ON audit_chains AS RESTRICTIVE FOR DELETE TO insightdesk_relay USING (EXISTS (
  SELECT FROM tenant_deletions d WHERE d.organization_id = tenant_id AND d.finished_at IS NULL));
--> statement-breakpoint
CREATE POLICY relay_delete ON audit_checkpoints FOR DELETE TO insightdesk_relay USING (EXISTS (
  SELECT FROM tenant_deletions d WHERE d.organization_id = tenant_id AND d.finished_at IS NULL));
--> statement-breakpoint
-- Tenant deletions belong to the operator: which organizations are being deleted, or were, without personal data.
GRANT SELECT, INSERT ON tenant_deletions TO insightdesk_relay;
--> statement-breakpoint
GRANT UPDATE (finished_at, counts, previous_hash, hash) ON tenant_deletions TO insightdesk_relay;
--> statement-breakpoint
CREATE FUNCTION app.reject_finished_deletion() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = '42501', MESSAGE = 'a finished deletion cannot be changed';
END $$;
--> statement-breakpoint
CREATE TRIGGER immutable_when_finished BEFORE UPDATE ON tenant_deletions FOR EACH ROW
  WHEN (OLD.finished_at IS NOT NULL) EXECUTE FUNCTION app.reject_finished_deletion();
--> statement-breakpoint
-- Users of these organizations, until it is known which of them belong to no other.
GRANT SELECT, INSERT, DELETE ON tenant_deletion_users TO insightdesk_relay;
--> statement-breakpoint
GRANT SELECT (id, delete_at, deletion_requested_by) ON organizations TO insightdesk_relay;
--> statement-breakpoint
CREATE POLICY deletion_scheduled ON organizations FOR SELECT TO insightdesk_relay USING (delete_at IS NOT NULL);
--> statement-breakpoint
-- Deletes a user who belongs to no organization any more, with all rows of its own; false, and nothing is deleted,
-- while another row refers to it.
CREATE FUNCTION app.delete_user(deleted_user uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  own record;
BEGIN
  IF NOT EXISTS (SELECT FROM public.tenant_deletion_users u JOIN public.tenant_deletions d USING (organization_id)
    WHERE u.user_id = deleted_user AND d.finished_at IS NULL) THEN
    RAISE EXCEPTION USING ERRCODE = '42501', MESSAGE = 'the user is in no deletion that is in progress';
  END IF;
  FOR own IN
    SELECT c.conrelid::regclass AS place, a.attname AS name FROM pg_constraint c
    JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
    WHERE c.contype = 'f' AND c.confrelid = 'public.users'::regclass
      AND cardinality(c.conkey) = 1 AND NOT EXISTS (SELECT FROM pg_attribute t
        WHERE t.attrelid = c.conrelid AND t.attname = 'tenant_id' AND NOT t.attisdropped)
  LOOP
    EXECUTE format('DELETE FROM %s WHERE %I = $1', own.place, own.name) USING deleted_user;
  END LOOP;
  DELETE FROM public.users WHERE id = deleted_user;
  RETURN FOUND;
EXCEPTION WHEN foreign_key_violation THEN
  RETURN false;
END $$;
--> statement-breakpoint
REVOKE ALL ON FUNCTION app.delete_user(uuid) FROM PUBLIC;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION app.delete_user(uuid) TO insightdesk_relay;
--> statement-breakpoint
-- Re-encryption finds out which tenants and users have secrets; it does not read them.
GRANT SELECT (user_id) ON second_factors TO insightdesk_relay;
--> statement-breakpoint
CREATE POLICY reencryption ON second_factors FOR SELECT TO insightdesk_relay USING (true);
--> statement-breakpoint
GRANT SELECT (tenant_id) ON identity_providers TO insightdesk_relay;
--> statement-breakpoint
CREATE POLICY reencryption ON identity_providers FOR SELECT TO insightdesk_relay USING (true);
--> statement-breakpoint
-- Retention deletes expired rows of all organizations at once. The policies are the retention: the role sees no
-- younger rows, and of those only the columns that tell them apart.
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
--> statement-breakpoint
GRANT SELECT (id, expires_at), DELETE ON email_links TO insightdesk_relay;
--> statement-breakpoint
CREATE POLICY purge ON email_links TO insightdesk_relay
  USING (expires_at < now() - interval '30 days');
--> statement-breakpoint
GRANT SELECT (key, day), DELETE ON daily_counts TO insightdesk_relay;
--> statement-breakpoint
CREATE POLICY purge ON daily_counts TO insightdesk_relay
  USING (day < (now() - interval '30 days')::date);
--> statement-breakpoint
GRANT SELECT (account, ip_prefix, last_at), DELETE ON identity.sign_in_attempts TO insightdesk_relay;
--> statement-breakpoint
CREATE POLICY purge ON identity.sign_in_attempts TO insightdesk_relay
  USING (last_at < now() - interval '30 days');
--> statement-breakpoint
GRANT SELECT (user_id, staged_at), DELETE ON identity.staged_passwords TO insightdesk_relay;
--> statement-breakpoint
CREATE POLICY purge ON identity.staged_passwords TO insightdesk_relay
  USING (staged_at < now() - interval '1 day');
--> statement-breakpoint
GRANT SELECT (tenant_id, id, created_at), DELETE ON idempotency_keys TO insightdesk_relay;
--> statement-breakpoint
CREATE POLICY relay ON idempotency_keys TO insightdesk_relay USING (true);
--> statement-breakpoint
GRANT SELECT, DELETE ON usage_counters TO insightdesk_relay;
--> statement-breakpoint
CREATE POLICY relay ON usage_counters TO insightdesk_relay USING (true);
--> statement-breakpoint
-- Cleanup of files: expired uploads and reservations, attachments that no message claimed within a day, deleted ones.
GRANT SELECT, UPDATE ON stored_bytes TO insightdesk_relay;
--> statement-breakpoint
CREATE POLICY relay ON stored_bytes TO insightdesk_relay USING (true) WITH CHECK (true);
--> statement-breakpoint
GRANT SELECT, DELETE ON byte_reservations TO insightdesk_relay;
--> statement-breakpoint
CREATE POLICY expired ON byte_reservations TO insightdesk_relay USING (expires_at < now());
--> statement-breakpoint
GRANT SELECT, INSERT, DELETE ON deleted_attachments TO insightdesk_relay;
--> statement-breakpoint
CREATE POLICY relay ON deleted_attachments TO insightdesk_relay USING (true) WITH CHECK (true);
--> statement-breakpoint
GRANT SELECT (tenant_id, id, message_id, created_at, size_bytes, variants, status), DELETE ON attachments TO insightdesk_relay;
--> statement-breakpoint
CREATE POLICY unclaimed ON attachments TO insightdesk_relay
  USING (message_id IS NULL AND created_at < now() - interval '24 hours');
--> statement-breakpoint
CREATE POLICY overdue ON attachments FOR SELECT TO insightdesk_relay
  USING (status = 'pending' AND created_at < now() - interval '24 hours');
--> statement-breakpoint
GRANT SELECT (tenant_id, id, expires_at, completed_at), DELETE ON uploads TO insightdesk_relay;
--> statement-breakpoint
CREATE POLICY expired ON uploads TO insightdesk_relay USING (expires_at < now());
