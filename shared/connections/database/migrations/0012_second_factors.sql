-- What belongs to a person and to no organisation: work in that person's name sees it, and nobody's else.
CREATE FUNCTION app.protect_person(target regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
  EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
  EXECUTE format('CREATE POLICY person ON %s TO insightdesk_app '
    'USING (user_id = app.user_id()) WITH CHECK (user_id = app.user_id())', target);
  EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO insightdesk_app', target);
END $$;
--> statement-breakpoint
REVOKE ALL ON FUNCTION app.protect_person(regclass) FROM PUBLIC;
--> statement-breakpoint
CREATE TABLE "second_factors" (
	"user_id" uuid PRIMARY KEY NOT NULL REFERENCES "users"("id") ON DELETE CASCADE,
	"totp_id" uuid,
	"totp_secret" text,
	"pending_secret" text,
	"last_step" bigint DEFAULT 0 NOT NULL,
	"failures" integer DEFAULT 0 NOT NULL,
	"blocked_until" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "recovery_codes" (
	"user_id" uuid NOT NULL REFERENCES "users"("id") ON DELETE CASCADE,
	"hash" text NOT NULL,
	"used_at" timestamp (3) with time zone,
	CONSTRAINT "recovery_codes_user_id_hash_pk" PRIMARY KEY("user_id","hash")
);
--> statement-breakpoint
CREATE TABLE "passkeys" (
	"user_id" uuid NOT NULL REFERENCES "users"("id") ON DELETE CASCADE,
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
CREATE TABLE "spent_tokens" (
	"user_id" uuid NOT NULL REFERENCES "users"("id") ON DELETE CASCADE,
	"hash" text NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "spent_tokens_user_id_hash_pk" PRIMARY KEY("user_id","hash")
);
--> statement-breakpoint
SELECT app.protect_person('second_factors'), app.protect_person('recovery_codes'),
  app.protect_person('passkeys'), app.protect_person('spent_tokens');
--> statement-breakpoint
CREATE TABLE "identity_providers" (
	"tenant_id" uuid NOT NULL REFERENCES "organizations"("id"),
	"id" uuid NOT NULL,
	"name" text NOT NULL,
	"issuer" text NOT NULL,
	"client_id" text NOT NULL,
	"client_secret" text NOT NULL,
	"allowed_domains" text[] NOT NULL,
	"assures_two_factor" boolean NOT NULL,
	"enabled" boolean NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "identity_providers_tenant_id_id_pk" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
CREATE TABLE "identity_links" (
	"tenant_id" uuid NOT NULL,
	"provider_id" uuid NOT NULL,
	"issuer" text NOT NULL,
	"subject" text NOT NULL,
	"user_id" uuid NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "identity_links_pk" PRIMARY KEY("tenant_id","provider_id","issuer","subject"),
	CONSTRAINT "identity_links_user" UNIQUE("tenant_id","provider_id","user_id"),
	CONSTRAINT "identity_links_provider_fk" FOREIGN KEY ("tenant_id","provider_id") REFERENCES "identity_providers"("tenant_id","id") ON DELETE CASCADE,
	CONSTRAINT "identity_links_member_fk" FOREIGN KEY ("tenant_id","user_id") REFERENCES "members"("tenant_id","user_id") ON DELETE CASCADE
);
--> statement-breakpoint
SELECT app.protect('identity_providers'), app.protect('identity_links');
--> statement-breakpoint
ALTER TABLE "organizations" ADD COLUMN "require_two_factor" boolean DEFAULT false NOT NULL;
--> statement-breakpoint
ALTER TABLE "sessions" ADD COLUMN "factor_id" uuid;
--> statement-breakpoint
ALTER TABLE "sessions" ADD COLUMN "provider_id" uuid;
--> statement-breakpoint
CREATE INDEX "sessions_provider" ON "sessions" ("tenant_id","provider_id") WHERE provider_id is not null AND revoked_at is null;
--> statement-breakpoint
-- Whoever gives up a factor takes it back from its sessions in all organisations at once.
CREATE POLICY own_sessions ON sessions FOR UPDATE TO insightdesk_app
  USING (app.tenant_id() IS NULL AND user_id = app.user_id())
  WITH CHECK (app.tenant_id() IS NULL AND user_id = app.user_id());
--> statement-breakpoint
-- An UPDATE that looks at its rows must be able to read them.
CREATE POLICY own_sessions_seen ON sessions FOR SELECT TO insightdesk_app
  USING (app.tenant_id() IS NULL AND user_id = app.user_id());
--> statement-breakpoint
-- Opens a transaction for a tenant, a person, or neither. Raises ID001 unless the session is live
-- and its member still has the role that the caller's token claims, ID002 when the session is live
-- but its organisation is disabled, ID003 when the organisation requires a second factor that the
-- session has not proven, unless the work is what sets one up. Work without a session goes on.
CREATE OR REPLACE FUNCTION app.enter(tenant uuid, person uuid, session uuid, claimed_role text)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  disabled boolean;
  unproven boolean;
BEGIN
  PERFORM set_config('app.tenant_id', coalesce(tenant::text, ''), true),
    set_config('app.user_id', coalesce(person::text, ''), true);
  IF session IS NULL THEN
    RETURN;
  END IF;
  SELECT o.disabled_at IS NOT NULL, o.require_two_factor AND s.factor_id IS NULL
    INTO disabled, unproven
    FROM sessions s JOIN members m ON m.tenant_id = s.tenant_id AND m.user_id = s.user_id
    JOIN organizations o ON o.id = s.tenant_id
    WHERE s.tenant_id = tenant AND s.id = session AND s.user_id = person
      AND s.revoked_at IS NULL AND s.expires_at > now()
      AND m.removed_at IS NULL AND m.role = claimed_role;
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'ID001', MESSAGE = 'the session is not live';
  ELSIF disabled THEN
    RAISE EXCEPTION USING ERRCODE = 'ID002', MESSAGE = 'the organisation is disabled';
  ELSIF unproven AND current_setting('app.during_setup', true) IS DISTINCT FROM 'on' THEN
    RAISE EXCEPTION USING ERRCODE = 'ID003', MESSAGE = 'a second factor is required';
  END IF;
END $$;
