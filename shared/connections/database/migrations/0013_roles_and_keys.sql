-- Custom roles, and API keys that organisations own.
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
ALTER TABLE "members" ADD COLUMN "role_id" uuid;--> statement-breakpoint
ALTER TABLE "roles" ADD CONSTRAINT "roles_tenant_id_organizations_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."organizations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "members" ADD CONSTRAINT "members_role_fk" FOREIGN KEY ("tenant_id","role_id") REFERENCES "public"."roles"("tenant_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_member_fk" FOREIGN KEY ("tenant_id","user_id") REFERENCES "public"."members"("tenant_id","user_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_creator_fk" FOREIGN KEY ("tenant_id","created_by") REFERENCES "public"."members"("tenant_id","user_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "api_key_secrets" ADD CONSTRAINT "api_key_secrets_key_fk" FOREIGN KEY ("tenant_id","key_id") REFERENCES "public"."api_keys"("tenant_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "members_role" ON "members" USING btree ("tenant_id","role_id") WHERE role_id is not null;--> statement-breakpoint
CREATE INDEX "api_key_secrets_key" ON "api_key_secrets" USING btree ("tenant_id","key_id");--> statement-breakpoint
SELECT app.protect('roles'), app.protect('api_keys'), app.protect('api_key_secrets');
--> statement-breakpoint
-- What a key may do, and by which secret, is said once.
REVOKE UPDATE ON api_keys, api_key_secrets FROM insightdesk_app;
--> statement-breakpoint
GRANT UPDATE (revoked_at, last_used_at) ON api_keys TO insightdesk_app;
--> statement-breakpoint
GRANT UPDATE (expires_at) ON api_key_secrets TO insightdesk_app;
--> statement-breakpoint
-- What a member may do by now, as its token says it: its role, and the version of its custom role.
CREATE FUNCTION app.standing(role text, custom uuid, version integer) RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN role || coalesce('/' || custom || '/' || version, '');
--> statement-breakpoint
-- Those of these sessions and secrets of API keys that are live, with their standing by now:
-- `none` while the organisation is disabled.
CREATE FUNCTION app.standings(tenant uuid, asked uuid[])
RETURNS TABLE (id uuid, standing text) LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT s.id, CASE WHEN o.disabled_at IS NULL THEN app.standing(m.role, r.id, r.version)
      ELSE 'none' END
    FROM public.sessions s
    JOIN public.members m ON m.tenant_id = s.tenant_id AND m.user_id = s.user_id
    JOIN public.organizations o ON o.id = s.tenant_id
    LEFT JOIN public.roles r ON r.tenant_id = m.tenant_id AND r.id = m.role_id
    WHERE s.tenant_id = tenant AND s.id = ANY (asked)
      AND s.revoked_at IS NULL AND s.expires_at > now() AND m.removed_at IS NULL
  UNION ALL
  SELECT s.id, CASE WHEN o.disabled_at IS NULL THEN 'key' ELSE 'none' END
    FROM public.api_key_secrets s
    JOIN public.api_keys k ON k.tenant_id = s.tenant_id AND k.id = s.key_id
    JOIN public.organizations o ON o.id = s.tenant_id
    WHERE s.tenant_id = tenant AND s.id = ANY (asked)
      AND s.expires_at > now() AND k.revoked_at IS NULL;
END;
--> statement-breakpoint
DROP FUNCTION app.enter(uuid, uuid, uuid, text);
--> statement-breakpoint
-- Opens a transaction for a tenant, a person, or neither. Raises ID001 unless the session is live,
-- ID002 when it is but its organisation is disabled, ID003 when its member's standing is another
-- than the caller's token claims, ID004 when it lacks the second factor that its organisation
-- requires, unless the work is what sets one up. An API key's session is one of its secrets, its
-- standing `key`. Work without a session goes on: nothing is lost meanwhile.
-- Every request begins with it: what it reads it reads by whole keys, and past the policies, which
-- would cost more than the reading.
CREATE FUNCTION app.enter(tenant uuid, person uuid, session uuid, claimed_role text,
  during_setup boolean DEFAULT false)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  disabled boolean;
  standing text := 'key';
  custom uuid;
  lacks_factor boolean := false;
BEGIN
  PERFORM set_config('app.tenant_id', coalesce(tenant::text, ''), true),
    set_config('app.user_id', coalesce(person::text, ''), true);
  IF session IS NULL THEN
    RETURN;
  END IF;
  IF claimed_role = 'key' THEN
    SELECT o.disabled_at IS NOT NULL INTO disabled
      FROM public.api_key_secrets s
      JOIN public.api_keys k ON k.tenant_id = s.tenant_id AND k.id = s.key_id
      JOIN public.organizations o ON o.id = s.tenant_id
      WHERE s.tenant_id = tenant AND s.id = session AND k.user_id = person
        AND s.expires_at > now() AND k.revoked_at IS NULL;
  ELSE
    SELECT o.disabled_at IS NOT NULL, m.role, m.role_id, s.factor_id IS NULL AND o.require_two_factor
      INTO disabled, standing, custom, lacks_factor
      FROM public.sessions s
      JOIN public.members m ON m.tenant_id = s.tenant_id AND m.user_id = s.user_id
      JOIN public.organizations o ON o.id = s.tenant_id
      WHERE s.tenant_id = tenant AND s.id = session AND s.user_id = person
        AND s.revoked_at IS NULL AND s.expires_at > now() AND m.removed_at IS NULL;
    IF custom IS NOT NULL THEN
      SELECT app.standing(standing, r.id, r.version) INTO standing
        FROM public.roles r WHERE r.tenant_id = tenant AND r.id = custom;
    END IF;
  END IF;
  IF disabled IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'ID001', MESSAGE = 'the session is not live';
  ELSIF disabled THEN
    RAISE EXCEPTION USING ERRCODE = 'ID002', MESSAGE = 'the organisation is disabled';
  ELSIF standing IS DISTINCT FROM claimed_role THEN
    RAISE EXCEPTION USING ERRCODE = 'ID003', MESSAGE = 'what the member may do has changed';
  ELSIF lacks_factor AND NOT coalesce(during_setup, false) THEN
    RAISE EXCEPTION USING ERRCODE = 'ID004', MESSAGE = 'a second factor is required';
  END IF;
END $$;
--> statement-breakpoint
REVOKE ALL ON FUNCTION app.enter(uuid, uuid, uuid, text, boolean) FROM PUBLIC;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION app.enter(uuid, uuid, uuid, text, boolean)
  TO insightdesk_app, insightdesk_relay, insightdesk_identity;
--> statement-breakpoint
-- Whom it acts as: deploy/provision.sql makes a role that can do nothing else. In a database that
-- was provisioned before there was one, it is the owner.
DO $$
DECLARE
  door name := coalesce(
    (SELECT rolname FROM pg_roles
      WHERE rolname = 'insightdesk_door' AND pg_has_role(current_user, oid, 'SET')),
    current_user);
  seen text;
BEGIN
  EXECUTE format('GRANT USAGE ON SCHEMA app, public TO %I', door);
  EXECUTE format('GRANT SELECT (tenant_id, id, user_id, factor_id, revoked_at, expires_at) '
    'ON sessions TO %I', door);
  EXECUTE format('GRANT SELECT (tenant_id, user_id, role, role_id, removed_at) ON members TO %I', door);
  EXECUTE format('GRANT SELECT (id, disabled_at, require_two_factor) ON organizations TO %I', door);
  EXECUTE format('GRANT SELECT (tenant_id, id, version) ON roles TO %I', door);
  EXECUTE format('GRANT SELECT (tenant_id, id, key_id, expires_at) ON api_key_secrets TO %I', door);
  EXECUTE format('GRANT SELECT (tenant_id, id, user_id, revoked_at) ON api_keys TO %I', door);
  FOREACH seen IN ARRAY
    ARRAY['sessions', 'members', 'organizations', 'roles', 'api_key_secrets', 'api_keys']
  LOOP
    EXECUTE format('CREATE POLICY door ON %I FOR SELECT TO %I USING (true)', seen, door);
  END LOOP;
  IF door <> current_user THEN
    EXECUTE format('GRANT CREATE ON SCHEMA app TO %I', door);
    EXECUTE format('ALTER FUNCTION app.enter(uuid, uuid, uuid, text, boolean) OWNER TO %I', door);
    EXECUTE format('REVOKE CREATE ON SCHEMA app FROM %I', door);
  END IF;
END $$;
--> statement-breakpoint
-- Where sockets are held it is said by the rows themselves whose standing has changed:
-- '<tenant> <person>', or '<tenant>' for all of it.
CREATE FUNCTION app.announce_standing() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  person uuid;
BEGIN
  IF TG_TABLE_NAME = 'roles' THEN
    PERFORM pg_notify('access', OLD.tenant_id::text);
    RETURN NULL;
  END IF;
  IF TG_TABLE_NAME = 'api_key_secrets' THEN
    SELECT k.user_id INTO person FROM api_keys k
      WHERE k.tenant_id = OLD.tenant_id AND k.id = OLD.key_id;
  ELSE
    person := OLD.user_id;
  END IF;
  IF person IS NOT NULL THEN
    PERFORM pg_notify('access', OLD.tenant_id || ' ' || person);
  END IF;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER announce_standing AFTER UPDATE OF version ON roles FOR EACH ROW
  WHEN (NEW.version IS DISTINCT FROM OLD.version) EXECUTE FUNCTION app.announce_standing();
--> statement-breakpoint
CREATE TRIGGER announce_standing AFTER UPDATE OF role_id ON members FOR EACH ROW
  WHEN (NEW.role_id IS DISTINCT FROM OLD.role_id) EXECUTE FUNCTION app.announce_standing();
--> statement-breakpoint
CREATE TRIGGER announce_standing AFTER UPDATE OF revoked_at ON api_keys FOR EACH ROW
  WHEN (NEW.revoked_at IS DISTINCT FROM OLD.revoked_at) EXECUTE FUNCTION app.announce_standing();
--> statement-breakpoint
CREATE TRIGGER announce_standing AFTER DELETE OR UPDATE OF expires_at ON api_key_secrets
  FOR EACH ROW EXECUTE FUNCTION app.announce_standing();
