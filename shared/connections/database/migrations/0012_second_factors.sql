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
-- Whose secrets there are to be encrypted anew is seen by the system, the secrets themselves are not.
GRANT SELECT (user_id) ON second_factors TO insightdesk_relay;
--> statement-breakpoint
CREATE POLICY renew ON second_factors FOR SELECT TO insightdesk_relay USING (true);
--> statement-breakpoint
GRANT SELECT (tenant_id) ON identity_providers TO insightdesk_relay;
--> statement-breakpoint
CREATE POLICY renew ON identity_providers FOR SELECT TO insightdesk_relay USING (true);
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
-- Whether this login session has not proven the second factor that its organisation requires; other
-- sessions, such as an API key's, are no person's.
CREATE FUNCTION app.lacks_factor(tenant uuid, session uuid) RETURNS boolean LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT EXISTS (
    SELECT FROM public.sessions s JOIN public.organizations o ON o.id = s.tenant_id
    WHERE s.tenant_id = tenant AND s.id = session AND s.factor_id IS NULL AND o.require_two_factor);
END;
--> statement-breakpoint
-- Who lacks from now on what is required may no more hold a socket than ask for anything.
CREATE TRIGGER announce_factor AFTER UPDATE OF factor_id ON sessions FOR EACH ROW
  WHEN (OLD.factor_id IS NOT NULL AND NEW.factor_id IS NULL) EXECUTE FUNCTION app.announce_access();
--> statement-breakpoint
CREATE TRIGGER announce_factor AFTER UPDATE OF require_two_factor ON organizations FOR EACH ROW
  WHEN (NEW.require_two_factor AND NOT OLD.require_two_factor)
  EXECUTE FUNCTION app.announce_access();
