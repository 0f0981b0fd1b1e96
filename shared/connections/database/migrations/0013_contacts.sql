CREATE TABLE "companies" (
	"tenant_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"name" text NOT NULL,
	"external_id" text,
	"properties" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "companies_tenant_id_id_pk" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
CREATE TABLE "contact_addresses" (
	"tenant_id" uuid NOT NULL,
	"contact_id" uuid NOT NULL,
	"address" text NOT NULL,
	"verified_at" timestamp (3) with time zone,
	"is_identity" boolean NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "contact_addresses_tenant_id_contact_id_address_pk" PRIMARY KEY("tenant_id","contact_id","address")
);
--> statement-breakpoint
CREATE TABLE "contact_merges" (
	"tenant_id" uuid NOT NULL,
	"source_id" uuid NOT NULL,
	"target_id" uuid NOT NULL,
	"merged_by" uuid,
	"reason" text NOT NULL,
	"source" jsonb NOT NULL,
	"conversation_count" integer NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "contact_merges_tenant_id_source_id_pk" PRIMARY KEY("tenant_id","source_id")
);
--> statement-breakpoint
CREATE TABLE "contact_ngrams" (
	"tenant_id" uuid NOT NULL,
	"contact_id" uuid NOT NULL,
	"content" text NOT NULL,
	"ngrams" text[] NOT NULL,
	CONSTRAINT "contact_ngrams_tenant_id_contact_id_pk" PRIMARY KEY("tenant_id","contact_id")
);
--> statement-breakpoint
CREATE TABLE "contacts" (
	"tenant_id" uuid NOT NULL,
	"user_id" uuid NOT NULL,
	"external_id" text,
	"time_zone" text,
	"language" text,
	"properties" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"company_id" uuid,
	"is_anonymous" boolean DEFAULT false NOT NULL,
	"blocked_at" timestamp (3) with time zone,
	"merged_into" uuid,
	"version" integer DEFAULT 1 NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "contacts_tenant_id_user_id_pk" PRIMARY KEY("tenant_id","user_id")
);
--> statement-breakpoint
CREATE TABLE "conversation_reads" (
	"tenant_id" uuid NOT NULL,
	"conversation_id" uuid NOT NULL,
	"user_id" uuid NOT NULL,
	"message_count" integer NOT NULL,
	"reply_count" integer NOT NULL,
	"read_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "conversation_reads_tenant_id_conversation_id_user_id_pk" PRIMARY KEY("tenant_id","conversation_id","user_id")
);
--> statement-breakpoint
CREATE TABLE "message_versions" (
	"tenant_id" uuid NOT NULL,
	"message_id" uuid NOT NULL,
	"version" integer NOT NULL,
	"body" text NOT NULL,
	"changed_by" uuid NOT NULL,
	"changed_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "message_versions_tenant_id_message_id_version_pk" PRIMARY KEY("tenant_id","message_id","version")
);
--> statement-breakpoint
CREATE TABLE "email_templates" (
	"tenant_id" uuid NOT NULL,
	"name" text NOT NULL,
	"locale" text NOT NULL,
	"subject" text NOT NULL,
	"body" text NOT NULL,
	"updated_by" uuid NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "email_templates_tenant_id_name_locale_pk" PRIMARY KEY("tenant_id","name","locale")
);
--> statement-breakpoint
CREATE TABLE "pending_notifications" (
	"tenant_id" uuid NOT NULL,
	"user_id" uuid NOT NULL,
	"conversation_id" uuid NOT NULL,
	"first_sequence" integer NOT NULL,
	"last_sequence" integer NOT NULL,
	"due_at" timestamp (3) with time zone NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "pending_notifications_tenant_id_user_id_conversation_id_pk" PRIMARY KEY("tenant_id","user_id","conversation_id")
);
--> statement-breakpoint
CREATE TABLE "identity_keys" (
	"tenant_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"name" text NOT NULL,
	"algorithm" text NOT NULL,
	"secret" text,
	"public_key" text,
	"created_by" uuid NOT NULL,
	"revoked_at" timestamp (3) with time zone,
	"last_used_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "identity_keys_tenant_id_id_pk" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
CREATE TABLE "sign_in_codes" (
	"tenant_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"address" text NOT NULL,
	"failures" integer DEFAULT 0 NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"used_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "sign_in_codes_tenant_id_id_pk" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
CREATE TABLE "used_identity_tokens" (
	"tenant_id" uuid NOT NULL,
	"key_id" uuid NOT NULL,
	"hash" text NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "used_identity_tokens_tenant_id_key_id_hash_pk" PRIMARY KEY("tenant_id","key_id","hash")
);
--> statement-breakpoint
CREATE TABLE "preferences" (
	"tenant_id" uuid NOT NULL,
	"user_id" uuid NOT NULL,
	"timezone" text,
	"locale" text,
	"work_hours_start" text,
	"work_hours_end" text,
	"work_days" integer[],
	"notifications" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "preferences_tenant_id_user_id_pk" PRIMARY KEY("tenant_id","user_id")
);
--> statement-breakpoint
ALTER TABLE "conversations" ADD COLUMN "last_message_id" uuid;--> statement-breakpoint
ALTER TABLE "conversations" ADD COLUMN "last_message_author_id" uuid;--> statement-breakpoint
ALTER TABLE "conversations" ADD COLUMN "last_message_excerpt" text;--> statement-breakpoint
ALTER TABLE "messages" ADD COLUMN "version" integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "messages" ADD COLUMN "edited_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "messages" ADD COLUMN "deleted_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "members" ADD COLUMN "name" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "members" ADD COLUMN "avatar_url" text;--> statement-breakpoint
ALTER TABLE "organizations" ADD COLUMN "staff_names" text DEFAULT 'full' NOT NULL;--> statement-breakpoint
ALTER TABLE "organizations" ADD COLUMN "team_name" text;--> statement-breakpoint
ALTER TABLE "organizations" ADD COLUMN "email_code_sign_in" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "organizations" ADD COLUMN "anonymous_visitors" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "organizations" ADD COLUMN "allow_reopening" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "companies" ADD CONSTRAINT "companies_tenant_id_organizations_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."organizations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "contact_addresses" ADD CONSTRAINT "contact_addresses_contact_fk" FOREIGN KEY ("tenant_id","contact_id") REFERENCES "public"."contacts"("tenant_id","user_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "contact_merges" ADD CONSTRAINT "contact_merges_source_fk" FOREIGN KEY ("tenant_id","source_id") REFERENCES "public"."contacts"("tenant_id","user_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "contact_ngrams" ADD CONSTRAINT "contact_ngrams_contact_fk" FOREIGN KEY ("tenant_id","contact_id") REFERENCES "public"."contacts"("tenant_id","user_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "contacts" ADD CONSTRAINT "contacts_member_fk" FOREIGN KEY ("tenant_id","user_id") REFERENCES "public"."members"("tenant_id","user_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "contacts" ADD CONSTRAINT "contacts_company_fk" FOREIGN KEY ("tenant_id","company_id") REFERENCES "public"."companies"("tenant_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "conversation_reads" ADD CONSTRAINT "conversation_reads_conversation_fk" FOREIGN KEY ("tenant_id","conversation_id") REFERENCES "public"."conversations"("tenant_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "message_versions" ADD CONSTRAINT "message_versions_message_fk" FOREIGN KEY ("tenant_id","message_id") REFERENCES "public"."messages"("tenant_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "pending_notifications" ADD CONSTRAINT "pending_notifications_conversation_fk" FOREIGN KEY ("tenant_id","conversation_id") REFERENCES "public"."conversations"("tenant_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "pending_notifications" ADD CONSTRAINT "pending_notifications_member_fk" FOREIGN KEY ("tenant_id","user_id") REFERENCES "public"."members"("tenant_id","user_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "identity_keys" ADD CONSTRAINT "identity_keys_tenant_id_organizations_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."organizations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sign_in_codes" ADD CONSTRAINT "sign_in_codes_tenant_id_organizations_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."organizations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "used_identity_tokens" ADD CONSTRAINT "used_identity_tokens_key_fk" FOREIGN KEY ("tenant_id","key_id") REFERENCES "public"."identity_keys"("tenant_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "preferences" ADD CONSTRAINT "preferences_member_fk" FOREIGN KEY ("tenant_id","user_id") REFERENCES "public"."members"("tenant_id","user_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "companies_external_id" ON "companies" USING btree ("tenant_id","external_id") WHERE external_id is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "contact_addresses_identity" ON "contact_addresses" USING btree ("tenant_id","address") WHERE is_identity;--> statement-breakpoint
CREATE INDEX "contact_merges_target" ON "contact_merges" USING btree ("tenant_id","target_id");--> statement-breakpoint
CREATE INDEX "contact_ngrams_ngrams" ON "contact_ngrams" USING gin ("tenant_id","ngrams") WITH (gin_pending_list_limit=256);--> statement-breakpoint
CREATE UNIQUE INDEX "contacts_external_id" ON "contacts" USING btree ("tenant_id","external_id") WHERE external_id is not null;--> statement-breakpoint
CREATE INDEX "contacts_listed" ON "contacts" USING btree ("tenant_id","user_id") WHERE merged_into is null;--> statement-breakpoint
CREATE INDEX "contacts_company" ON "contacts" USING btree ("tenant_id","company_id","user_id") WHERE company_id is not null;--> statement-breakpoint
CREATE INDEX "contacts_merged" ON "contacts" USING btree ("tenant_id","merged_into") WHERE merged_into is not null;--> statement-breakpoint
CREATE INDEX "pending_notifications_due" ON "pending_notifications" USING btree ("due_at");--> statement-breakpoint
CREATE INDEX "sign_in_codes_address" ON "sign_in_codes" USING btree ("tenant_id","address","created_at");--> statement-breakpoint
CREATE INDEX "sign_in_codes_expiry" ON "sign_in_codes" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "used_identity_tokens_expiry" ON "used_identity_tokens" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "conversations_activity" ON "conversations" USING btree ("tenant_id","last_message_at","number");--> statement-breakpoint
CREATE INDEX "conversations_unassigned" ON "conversations" USING btree ("tenant_id","number") WHERE assignee_id is null;--> statement-breakpoint
CREATE INDEX "contacts_properties" ON "contacts" USING gin ("tenant_id","properties" jsonb_path_ops);
--> statement-breakpoint
SELECT app.protect('contacts'), app.protect('contact_addresses'), app.protect('contact_merges'),
  app.protect('contact_ngrams'), app.protect('companies'), app.protect('identity_keys'),
  app.protect('used_identity_tokens'), app.protect('sign_in_codes'), app.protect('preferences'),
  app.protect('conversation_reads'), app.protect('message_versions'), app.protect('pending_notifications'),
  app.protect('email_templates');
--> statement-breakpoint
SELECT
  app.export_columns('companies', 'tenant_id id name external_id properties created_at'),
  app.export_columns('contacts',
    'tenant_id user_id external_id time_zone language properties company_id is_anonymous blocked_at merged_into ' ||
    'version created_at'),
  app.export_columns('contact_addresses', 'tenant_id contact_id address verified_at is_identity created_at'),
  app.export_columns('contact_merges',
    'tenant_id source_id target_id merged_by reason source conversation_count created_at'),
  app.export_columns('contact_ngrams', '', withheld => 'tenant_id contact_id content ngrams'),
  app.export_columns('conversation_reads', 'tenant_id conversation_id user_id message_count reply_count read_at'),
  app.export_columns('conversations',
    'tenant_id id number subject status priority customer_id assignee_id tags snoozed_until message_count ' ||
    'reply_count last_message_at last_message_id last_message_author_id last_message_excerpt version created_at'),
  app.export_columns('email_templates', 'tenant_id name locale subject body updated_by updated_at'),
  app.export_columns('identity_keys',
    'tenant_id id name algorithm public_key created_by revoked_at last_used_at created_at', withheld => 'secret'),
  app.export_columns('members', 'tenant_id user_id role role_id removed_at name avatar_url created_at'),
  app.export_columns('messages',
    'tenant_id id conversation_id sequence author_id kind body client_message_id version edited_at deleted_at ' ||
    'created_at'),
  app.export_columns('message_versions', 'tenant_id message_id version body changed_by changed_at'),
  app.export_columns('pending_notifications', '',
    withheld => 'tenant_id user_id conversation_id first_sequence last_sequence due_at created_at'),
  app.export_columns('preferences',
    'tenant_id user_id timezone locale work_hours_start work_hours_end work_days notifications updated_at'),
  app.export_columns('sign_in_codes', '', withheld => 'tenant_id id address failures expires_at used_at created_at'),
  app.export_columns('used_identity_tokens', '', withheld => 'tenant_id key_id hash expires_at');
--> statement-breakpoint
-- Triggers and functions of the schema's owner.
CREATE POLICY owner ON contacts TO CURRENT_USER USING (true) WITH CHECK (true);
--> statement-breakpoint
CREATE POLICY owner ON contact_addresses TO CURRENT_USER USING (true) WITH CHECK (true);
--> statement-breakpoint
CREATE POLICY owner ON contact_ngrams TO CURRENT_USER USING (true) WITH CHECK (true);
--> statement-breakpoint
CREATE POLICY owner_update ON members FOR UPDATE TO CURRENT_USER USING (true) WITH CHECK (true);
--> statement-breakpoint
-- A member has the name of its user, unless another one is given.
CREATE FUNCTION app.name_member() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  NEW.name := coalesce((SELECT u.name FROM public.users u WHERE u.id = NEW.user_id), '');
  RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER name_member BEFORE INSERT ON members FOR EACH ROW
  WHEN (NEW.name = '') EXECUTE FUNCTION app.name_member();
--> statement-breakpoint
-- Every member that is a customer has a contact, with the verified address of its user.
CREATE FUNCTION app.add_contact() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  INSERT INTO public.contacts (tenant_id, user_id) VALUES (NEW.tenant_id, NEW.user_id)
    ON CONFLICT (tenant_id, user_id) DO UPDATE SET blocked_at = NULL, merged_into = NULL;
  INSERT INTO public.contact_addresses (tenant_id, contact_id, address, verified_at, is_identity)
    SELECT NEW.tenant_id, u.id, u.email, u.email_verified_at, true FROM public.users u
    WHERE u.id = NEW.user_id AND u.email_verified_at IS NOT NULL
    ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER add_contact AFTER INSERT OR UPDATE OF role, removed_at ON members FOR EACH ROW
  WHEN (NEW.role = 'customer' AND NEW.removed_at IS NULL) EXECUTE FUNCTION app.add_contact();
--> statement-breakpoint
-- The name and the verified address of a user in all of its organizations. A deleted account leaves no data there.
CREATE FUNCTION app.update_memberships() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NEW.name IS DISTINCT FROM OLD.name THEN
    UPDATE public.members m SET name = NEW.name WHERE m.user_id = NEW.id;
  END IF;
  IF NEW.email LIKE '%@deleted.invalid' THEN
    UPDATE public.members m SET avatar_url = NULL WHERE m.user_id = NEW.id;
    DELETE FROM public.contact_addresses a USING public.members m
      WHERE m.user_id = NEW.id AND a.tenant_id = m.tenant_id AND a.contact_id = m.user_id;
    UPDATE public.contacts c SET external_id = NULL, time_zone = NULL, language = NULL, properties = '{}', company_id = NULL
      FROM public.members m WHERE m.user_id = NEW.id AND c.tenant_id = m.tenant_id AND c.user_id = m.user_id;
  ELSIF NEW.email_verified_at IS NOT NULL
      AND (NEW.email IS DISTINCT FROM OLD.email OR OLD.email_verified_at IS NULL) THEN
    DELETE FROM public.contact_addresses a USING public.members m
      WHERE m.user_id = NEW.id AND a.tenant_id = m.tenant_id AND a.contact_id = m.user_id
        AND a.address = OLD.email AND OLD.email <> NEW.email;
    INSERT INTO public.contact_addresses (tenant_id, contact_id, address, verified_at, is_identity)
      SELECT c.tenant_id, c.user_id, NEW.email, NEW.email_verified_at, true
      FROM public.members m JOIN public.contacts c ON c.tenant_id = m.tenant_id AND c.user_id = m.user_id
      WHERE m.user_id = NEW.id AND m.role = 'customer' AND m.removed_at IS NULL
      ON CONFLICT DO NOTHING;
  END IF;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER update_memberships AFTER UPDATE ON users FOR EACH ROW
  WHEN (NEW.name IS DISTINCT FROM OLD.name OR NEW.email IS DISTINCT FROM OLD.email
    OR NEW.email_verified_at IS DISTINCT FROM OLD.email_verified_at)
  EXECUTE FUNCTION app.update_memberships();
--> statement-breakpoint
CREATE FUNCTION app.index_contact(tenant uuid, contact uuid) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  found text := (
    SELECT lower((concat_ws(E'\n', m.name, c.external_id,
      (SELECT string_agg(a.address, E'\n') FROM public.contact_addresses a
        WHERE a.tenant_id = tenant AND a.contact_id = contact)) COLLATE pg_c_utf8))
    FROM public.contacts c JOIN public.members m ON m.tenant_id = c.tenant_id AND m.user_id = c.user_id
    WHERE c.tenant_id = tenant AND c.user_id = contact);
BEGIN
  IF found IS NOT NULL THEN
    INSERT INTO public.contact_ngrams VALUES (tenant, contact, found, app.ngrams(found, 1, 3))
      ON CONFLICT (tenant_id, contact_id) DO UPDATE SET content = EXCLUDED.content, ngrams = EXCLUDED.ngrams;
  END IF;
END $$;
--> statement-breakpoint
CREATE FUNCTION app.contact_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM app.index_contact(NEW.tenant_id, NEW.user_id);
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE FUNCTION app.contact_address_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    PERFORM app.index_contact(OLD.tenant_id, OLD.contact_id);
  ELSE
    PERFORM app.index_contact(NEW.tenant_id, NEW.contact_id);
  END IF;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER index_inserted AFTER INSERT ON contacts FOR EACH ROW EXECUTE FUNCTION app.contact_changed();
--> statement-breakpoint
CREATE TRIGGER index_updated AFTER UPDATE OF external_id ON contacts FOR EACH ROW
  WHEN (NEW.external_id IS DISTINCT FROM OLD.external_id) EXECUTE FUNCTION app.contact_changed();
--> statement-breakpoint
CREATE TRIGGER index_contact AFTER UPDATE OF name ON members FOR EACH ROW
  WHEN (NEW.role = 'customer' AND NEW.name IS DISTINCT FROM OLD.name) EXECUTE FUNCTION app.contact_changed();
--> statement-breakpoint
CREATE TRIGGER index_contact AFTER INSERT OR DELETE ON contact_addresses FOR EACH ROW
  EXECUTE FUNCTION app.contact_address_changed();
--> statement-breakpoint
REVOKE ALL ON FUNCTION app.name_member(), app.add_contact(), app.update_memberships(), app.index_contact(uuid, uuid)
  FROM PUBLIC;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION app.index_contact(uuid, uuid) TO insightdesk_app, insightdesk_relay;
--> statement-breakpoint
-- Like app.find_conversations: a common text is found among the newest 1,000, a rarer one by the index.
CREATE FUNCTION app.find_contacts(part text, wanted jsonb, wanted_company uuid, before_id uuid, max_rows integer)
RETURNS SETOF uuid LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  tenant uuid := app.tenant_id();
  small text := lower(part COLLATE pg_c_utf8);
  ngrams text[] := app.ngrams(small, least(3, length(small)), 3);
  matching text := ' WHERE c.tenant_id = $1 AND c.merged_into IS NULL AND ($5::uuid IS NULL OR c.user_id < $5)';
  newest text := ' ORDER BY c.user_id DESC LIMIT $6';
  found uuid[];
BEGIN
  IF tenant IS NULL THEN
    RETURN;
  END IF;
  IF wanted IS NOT NULL THEN matching := matching || ' AND c.properties @> $7'; END IF;
  IF wanted_company IS NOT NULL THEN matching := matching || ' AND c.company_id = $4'; END IF;
  IF part IS NULL THEN
    RETURN QUERY EXECUTE 'SELECT c.user_id FROM public.contacts c' || matching || newest
      USING tenant, ngrams, small, wanted_company, before_id, max_rows, wanted;
    RETURN;
  END IF;
  EXECUTE 'SELECT array(SELECT c.user_id FROM (SELECT * FROM public.contacts'
    ' WHERE tenant_id = $1 AND merged_into IS NULL AND ($5::uuid IS NULL OR user_id < $5)'
    ' ORDER BY user_id DESC LIMIT 1000) c'
    ' JOIN public.contact_ngrams n ON n.tenant_id = c.tenant_id AND n.contact_id = c.user_id'
    || matching || ' AND strpos(n.content, $3) > 0' || newest || ')'
    INTO found USING tenant, ngrams, small, wanted_company, before_id, max_rows, wanted;
  IF cardinality(found) = max_rows THEN
    RETURN QUERY SELECT unnest(found);
  ELSE
    RETURN QUERY EXECUTE 'SELECT c.user_id FROM public.contact_ngrams n'
      ' JOIN public.contacts c ON c.tenant_id = n.tenant_id AND c.user_id = n.contact_id' || matching
      || ' AND n.tenant_id = $1 AND n.ngrams @> $2 AND strpos(n.content, $3) > 0' || newest
      USING tenant, ngrams, small, wanted_company, before_id, max_rows, wanted;
  END IF;
END $$;
--> statement-breakpoint
REVOKE ALL ON FUNCTION app.find_contacts(text, jsonb, uuid, uuid, integer) FROM PUBLIC;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION app.find_contacts(text, jsonb, uuid, uuid, integer) TO insightdesk_app;
--> statement-breakpoint
GRANT SELECT (tenant_id, user_id, properties, company_id, merged_into, external_id, time_zone, language, is_anonymous,
  blocked_at, version, created_at) ON contacts TO insightdesk_search;
--> statement-breakpoint
GRANT SELECT ON contact_ngrams TO insightdesk_search;
--> statement-breakpoint
CREATE POLICY search ON contacts FOR SELECT TO insightdesk_search USING (true);
--> statement-breakpoint
CREATE POLICY search ON contact_ngrams FOR SELECT TO insightdesk_search USING (true);
--> statement-breakpoint
GRANT CREATE ON SCHEMA app TO insightdesk_search;
--> statement-breakpoint
ALTER FUNCTION app.find_contacts(text, jsonb, uuid, uuid, integer) OWNER TO insightdesk_search;
--> statement-breakpoint
REVOKE CREATE ON SCHEMA app FROM insightdesk_search;
--> statement-breakpoint
-- Texts of edited messages and contacts count towards the quota of stored bytes.
CREATE FUNCTION app.count_edited_messages() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM app.add_text_bytes(tenant_id, sum(size)::bigint) FROM (
      SELECT tenant_id, octet_length(body) AS size FROM added
      UNION ALL SELECT tenant_id, -octet_length(body) FROM removed) changed
    GROUP BY tenant_id HAVING sum(size) <> 0 ORDER BY tenant_id;
  RETURN NULL;
END $$;
--> statement-breakpoint
-- Properties, and 500 bytes for a contact without an account of its own, which has a user and a member too.
CREATE FUNCTION app.contact_bytes(contact uuid, properties jsonb) RETURNS bigint LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
RETURN octet_length(properties::text) - 2
  + CASE WHEN EXISTS (SELECT FROM public.users u WHERE u.id = contact AND u.email LIKE '%@contacts.invalid')
      THEN 500 ELSE 0 END;
--> statement-breakpoint
CREATE FUNCTION app.count_contacts() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF TG_OP <> 'DELETE' THEN
    PERFORM app.add_text_bytes(tenant_id, sum(size)::bigint) FROM (
        SELECT a.tenant_id, app.contact_bytes(a.user_id, a.properties) AS size FROM added a) counted
      GROUP BY tenant_id HAVING sum(size) <> 0 ORDER BY tenant_id;
  END IF;
  IF TG_OP <> 'INSERT' THEN
    PERFORM app.add_text_bytes(tenant_id, -sum(size)::bigint) FROM (
        SELECT r.tenant_id, app.contact_bytes(r.user_id, r.properties) AS size FROM removed r) counted
      GROUP BY tenant_id HAVING sum(size) <> 0 ORDER BY tenant_id;
  END IF;
  RETURN NULL;
END $$;
--> statement-breakpoint
REVOKE ALL ON FUNCTION app.count_edited_messages(), app.count_contacts(), app.contact_bytes(uuid, jsonb) FROM PUBLIC;
--> statement-breakpoint
CREATE TRIGGER count_changed_bytes AFTER UPDATE ON messages REFERENCING OLD TABLE AS removed NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION app.count_edited_messages();
--> statement-breakpoint
CREATE TRIGGER count_added_bytes AFTER INSERT ON message_versions REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION app.count_messages();
--> statement-breakpoint
CREATE TRIGGER count_removed_bytes AFTER DELETE ON message_versions REFERENCING OLD TABLE AS removed
  FOR EACH STATEMENT EXECUTE FUNCTION app.count_messages();
--> statement-breakpoint
CREATE TRIGGER count_added_bytes AFTER INSERT ON contacts REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION app.count_contacts();
--> statement-breakpoint
CREATE TRIGGER count_removed_bytes AFTER DELETE ON contacts REFERENCING OLD TABLE AS removed
  FOR EACH STATEMENT EXECUTE FUNCTION app.count_contacts();
--> statement-breakpoint
CREATE TRIGGER count_changed_bytes AFTER UPDATE ON contacts REFERENCING OLD TABLE AS removed NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION app.count_contacts();
--> statement-breakpoint
-- Expired rows are deleted, and notifications that are overdue are found, by the relay.
GRANT SELECT (tenant_id, key_id, hash, expires_at), DELETE ON used_identity_tokens TO insightdesk_relay;
--> statement-breakpoint
CREATE POLICY purge ON used_identity_tokens TO insightdesk_relay USING (expires_at < now());
--> statement-breakpoint
GRANT SELECT (tenant_id, id, expires_at), DELETE ON sign_in_codes TO insightdesk_relay;
--> statement-breakpoint
CREATE POLICY purge ON sign_in_codes TO insightdesk_relay USING (expires_at < now() - interval '1 day');
--> statement-breakpoint
GRANT SELECT (tenant_id, user_id, due_at) ON pending_notifications TO insightdesk_relay;
--> statement-breakpoint
CREATE POLICY overdue ON pending_notifications FOR SELECT TO insightdesk_relay USING (due_at < now());
--> statement-breakpoint
-- Rows from before.
ALTER TABLE members NO FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
ALTER TABLE conversations NO FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
ALTER TABLE messages NO FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
UPDATE members m SET name = u.name FROM users u WHERE u.id = m.user_id;
--> statement-breakpoint
INSERT INTO contacts (tenant_id, user_id, created_at)
  SELECT tenant_id, user_id, created_at FROM members WHERE role = 'customer';
--> statement-breakpoint
INSERT INTO contact_addresses (tenant_id, contact_id, address, verified_at, is_identity)
  SELECT c.tenant_id, c.user_id, u.email, u.email_verified_at, true FROM contacts c JOIN users u ON u.id = c.user_id
  WHERE u.email_verified_at IS NOT NULL;
--> statement-breakpoint
UPDATE conversations c SET last_message_id = m.id, last_message_author_id = m.author_id,
    last_message_excerpt = left(m.body, 200)
  FROM (SELECT DISTINCT ON (tenant_id, conversation_id) tenant_id, conversation_id, id, author_id, body FROM messages
    WHERE kind = 'reply' ORDER BY tenant_id, conversation_id, sequence DESC) m
  WHERE m.tenant_id = c.tenant_id AND m.conversation_id = c.id;
--> statement-breakpoint
ALTER TABLE members FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
ALTER TABLE conversations FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
ALTER TABLE messages FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
GRANT SELECT (tenant_id) ON identity_keys TO insightdesk_relay;
--> statement-breakpoint
CREATE POLICY reencryption ON identity_keys FOR SELECT TO insightdesk_relay USING (true);
--> statement-breakpoint
-- Sessions of customer sign-in are limited to their organization.
ALTER TABLE sessions ADD COLUMN is_contact boolean DEFAULT false NOT NULL;
--> statement-breakpoint
SELECT app.export_columns('sessions',
  'tenant_id id user_id generation refreshed_at expires_at revoked_at factor_id provider_id is_contact ip user_agent ' ||
  'created_at');
--> statement-breakpoint
-- Deletes visitors of more than seven days ago who have not written anything, in batches.
CREATE INDEX contacts_anonymous ON contacts USING btree (created_at) WHERE is_anonymous AND merged_into IS NULL;
--> statement-breakpoint
CREATE POLICY owner_read ON conversations FOR SELECT TO CURRENT_USER USING (true);
--> statement-breakpoint
CREATE POLICY owner_delete ON members FOR DELETE TO CURRENT_USER USING (role = 'customer');
--> statement-breakpoint
CREATE POLICY owner_read ON sessions FOR SELECT TO CURRENT_USER USING (is_contact);
--> statement-breakpoint
CREATE POLICY owner_delete ON sessions FOR DELETE TO CURRENT_USER USING (is_contact);
--> statement-breakpoint
CREATE FUNCTION app.delete_visitors(max_rows integer) RETURNS SETOF uuid LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  visitor record;
BEGIN
  FOR visitor IN
    SELECT c.tenant_id, c.user_id FROM public.contacts c
    WHERE c.is_anonymous AND c.merged_into IS NULL AND c.blocked_at IS NULL
      AND c.created_at < now() - interval '7 days'
      AND NOT EXISTS (SELECT FROM public.conversations v
        WHERE v.tenant_id = c.tenant_id AND v.customer_id = c.user_id)
    ORDER BY c.created_at LIMIT max_rows FOR UPDATE OF c SKIP LOCKED
  LOOP
    BEGIN
      DELETE FROM public.sessions s WHERE s.tenant_id = visitor.tenant_id AND s.user_id = visitor.user_id;
      DELETE FROM public.members m WHERE m.tenant_id = visitor.tenant_id AND m.user_id = visitor.user_id;
      DELETE FROM public.users u WHERE u.id = visitor.user_id;
      RETURN NEXT visitor.user_id;
    EXCEPTION WHEN foreign_key_violation THEN
      -- It has written something since.
    END;
  END LOOP;
END $$;
--> statement-breakpoint
REVOKE ALL ON FUNCTION app.delete_visitors(integer) FROM PUBLIC;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION app.delete_visitors(integer) TO insightdesk_relay;
--> statement-breakpoint
CREATE INDEX "conversations_customer_activity" ON "conversations" USING btree ("tenant_id","customer_id","last_message_at","number");
--> statement-breakpoint
-- Replaces app.find_conversations, which earlier releases use until they are gone.
CREATE FUNCTION app.search_conversations(part text, wanted_customer uuid, wanted_statuses text[], wanted_priority text,
  wanted_assignee uuid, unassigned boolean, wanted_tag text, by_activity boolean, before_at timestamptz,
  before_number integer, max_rows integer)
RETURNS SETOF uuid LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  tenant uuid := app.tenant_id();
  ngrams text[] := app.ngrams(part, least(3, length(lower(part))), 3);
  newest text := ' ORDER BY ' || CASE WHEN by_activity THEN 'c.last_message_at DESC, ' ELSE '' END || 'c.number DESC';
  earlier text := CASE WHEN before_number IS NULL THEN ''
    WHEN by_activity THEN ' AND (c.last_message_at, c.number) < ($11, $9)' ELSE ' AND c.number < $9' END;
  matching text := ' WHERE c.tenant_id = $1 AND strpos(lower(c.subject), lower($3)) > 0';
  found uuid[];
BEGIN
  IF tenant IS NULL THEN
    RETURN;
  END IF;
  IF wanted_customer IS NOT NULL THEN matching := matching || ' AND c.customer_id = $4'; END IF;
  IF wanted_statuses IS NOT NULL THEN matching := matching || ' AND c.status = ANY ($5)'; END IF;
  IF wanted_priority IS NOT NULL THEN matching := matching || ' AND c.priority = $6'; END IF;
  IF wanted_assignee IS NOT NULL THEN matching := matching || ' AND c.assignee_id = $7'; END IF;
  IF unassigned THEN matching := matching || ' AND c.assignee_id IS NULL'; END IF;
  IF wanted_tag IS NOT NULL THEN
    matching := matching || ' AND EXISTS (SELECT FROM public.conversation_tags t'
      ' WHERE t.tenant_id = $1 AND t.tag = $8 AND t.number = c.number)';
  END IF;
  EXECUTE 'SELECT array(SELECT c.id FROM (SELECT c.tenant_id, c.id, c.number, c.subject, c.status, c.priority,'
    ' c.customer_id, c.assignee_id, c.last_message_at FROM public.conversations c WHERE c.tenant_id = $1'
    || earlier || newest || ' LIMIT 1000) c' || matching || newest || ' LIMIT $10)'
    INTO found
    USING tenant, ngrams, part, wanted_customer, wanted_statuses, wanted_priority, wanted_assignee, wanted_tag,
      before_number, max_rows, before_at;
  IF cardinality(found) = max_rows THEN
    RETURN QUERY SELECT unnest(found);
  ELSE
    RETURN QUERY EXECUTE 'SELECT c.id FROM public.conversation_subjects s'
      ' JOIN public.conversations c ON c.tenant_id = s.tenant_id AND c.id = s.conversation_id'
      || matching || ' AND s.tenant_id = $1 AND s.ngrams @> $2' || earlier || newest || ' LIMIT $10'
      USING tenant, ngrams, part, wanted_customer, wanted_statuses, wanted_priority, wanted_assignee, wanted_tag,
        before_number, max_rows, before_at;
  END IF;
END $$;
--> statement-breakpoint
REVOKE ALL ON FUNCTION app.search_conversations(text, uuid, text[], text, uuid, boolean, text, boolean, timestamptz,
  integer, integer) FROM PUBLIC;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION app.search_conversations(text, uuid, text[], text, uuid, boolean, text, boolean, timestamptz,
  integer, integer) TO insightdesk_app;
--> statement-breakpoint
GRANT SELECT (last_message_at) ON conversations TO insightdesk_search;
--> statement-breakpoint
GRANT CREATE ON SCHEMA app TO insightdesk_search;
--> statement-breakpoint
ALTER FUNCTION app.search_conversations(text, uuid, text[], text, uuid, boolean, text, boolean, timestamptz, integer,
  integer) OWNER TO insightdesk_search;
--> statement-breakpoint
REVOKE CREATE ON SCHEMA app FROM insightdesk_search;
--> statement-breakpoint
-- An email of notifications is recorded with its content, so that another worker can complete it.
ALTER TABLE "email_deliveries" ADD COLUMN "user_id" uuid;
--> statement-breakpoint
ALTER TABLE "email_deliveries" ADD COLUMN "notification" jsonb;
--> statement-breakpoint
ALTER TABLE "email_deliveries" ADD COLUMN "failed_at" timestamp (3) with time zone;
--> statement-breakpoint
CREATE INDEX "email_deliveries_user" ON "email_deliveries" USING btree ("tenant_id","user_id","created_at") WHERE user_id is not null;
--> statement-breakpoint
CREATE INDEX "email_deliveries_unsent" ON "email_deliveries" USING btree ("created_at") WHERE user_id is not null and sent_at is null and failed_at is null;
--> statement-breakpoint
SELECT app.export_columns('email_deliveries', 'tenant_id key recipient created_at sent_at user_id notification failed_at');
--> statement-breakpoint
GRANT SELECT (tenant_id, user_id, created_at, sent_at, failed_at) ON email_deliveries TO insightdesk_relay;
--> statement-breakpoint
CREATE POLICY unsent ON email_deliveries FOR SELECT TO insightdesk_relay
  USING (user_id IS NOT NULL AND sent_at IS NULL AND failed_at IS NULL);
