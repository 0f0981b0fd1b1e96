-- Who did something and from where: of what is audited only, so that other events stay as small.
ALTER TABLE "outbox" ADD COLUMN "origin" jsonb;
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
CREATE TABLE "audit_chains" (
	"tenant_id" uuid PRIMARY KEY NOT NULL,
	"sequence" bigint NOT NULL,
	"hash" text NOT NULL
);
--> statement-breakpoint
CREATE INDEX "audit_entries_at" ON "audit_entries" USING btree ("tenant_id","at","sequence");--> statement-breakpoint
CREATE INDEX "audit_entries_action" ON "audit_entries" USING btree ("tenant_id","action","at","sequence");--> statement-breakpoint
CREATE INDEX "audit_entries_actor" ON "audit_entries" USING btree ("tenant_id","actor_id","at","sequence");
--> statement-breakpoint
SELECT app.protect('audit_entries'), app.protect('audit_chains');
--> statement-breakpoint
-- What tenants' code may do is look. The relay adds; nobody changes or removes.
REVOKE INSERT, UPDATE, DELETE ON audit_entries, audit_chains FROM insightdesk_app;
--> statement-breakpoint
GRANT SELECT (tenant_id, sequence, event_id), INSERT ON audit_entries TO insightdesk_relay;
--> statement-breakpoint
CREATE POLICY relay_sees ON audit_entries FOR SELECT TO insightdesk_relay USING (true);
--> statement-breakpoint
CREATE POLICY relay_adds ON audit_entries FOR INSERT TO insightdesk_relay WITH CHECK (true);
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE (sequence, hash) ON audit_chains TO insightdesk_relay;
--> statement-breakpoint
CREATE POLICY relay ON audit_chains TO insightdesk_relay USING (true) WITH CHECK (true);
--> statement-breakpoint
CREATE TABLE "exports" (
	"tenant_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"requested_by" uuid NOT NULL,
	"parts" integer DEFAULT 0 NOT NULL,
	"size_bytes" bigint DEFAULT 0 NOT NULL,
	"sha256" text,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"ready_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "exports_tenant_id_id_pk" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
ALTER TABLE "exports" ADD CONSTRAINT "exports_tenant_id_organizations_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."organizations"("id") ON DELETE no action ON UPDATE no action;
--> statement-breakpoint
SELECT app.protect('exports');
--> statement-breakpoint
ALTER TABLE "organizations" ADD COLUMN "erase_at" timestamp (3) with time zone;
--> statement-breakpoint
ALTER TABLE "organizations" ADD COLUMN "erase_requested_by" uuid;
--> statement-breakpoint
-- The operator's own: which organisations are being erased, or were. Nothing in it speaks of people.
CREATE TABLE "erasures" (
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
-- Who belonged to them, until it is known who belongs nowhere else.
CREATE TABLE "erasure_people" (
	"organization_id" uuid NOT NULL,
	"user_id" uuid NOT NULL,
	CONSTRAINT "erasure_people_organization_id_user_id_pk" PRIMARY KEY("organization_id","user_id")
);
--> statement-breakpoint
GRANT SELECT, INSERT ON erasures TO insightdesk_relay;
--> statement-breakpoint
GRANT UPDATE (finished_at, counts, previous_hash, hash) ON erasures TO insightdesk_relay;
--> statement-breakpoint
-- What is finished is written; it is not written anew.
CREATE FUNCTION app.keep_erasure() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = '42501', MESSAGE = 'a finished erasure is not changed';
END $$;
--> statement-breakpoint
CREATE TRIGGER keep BEFORE UPDATE ON erasures FOR EACH ROW
  WHEN (OLD.finished_at IS NOT NULL) EXECUTE FUNCTION app.keep_erasure();
--> statement-breakpoint
GRANT SELECT, INSERT, DELETE ON erasure_people TO insightdesk_relay;
--> statement-breakpoint
GRANT SELECT (id, erase_at, erase_requested_by) ON organizations TO insightdesk_relay;
--> statement-breakpoint
CREATE POLICY erase ON organizations FOR SELECT TO insightdesk_relay USING (erase_at IS NOT NULL);
--> statement-breakpoint
-- The audit log of an organisation goes with it, and at no other time.
GRANT DELETE ON audit_entries, audit_chains TO insightdesk_relay;
--> statement-breakpoint
CREATE POLICY relay_erases ON audit_entries FOR DELETE TO insightdesk_relay USING (EXISTS (
  SELECT FROM erasures e WHERE e.organization_id = tenant_id AND e.finished_at IS NULL));
--> statement-breakpoint
CREATE POLICY relay_erases ON audit_chains AS RESTRICTIVE FOR DELETE TO insightdesk_relay USING (EXISTS (
  SELECT FROM erasures e WHERE e.organization_id = tenant_id AND e.finished_at IS NULL));
--> statement-breakpoint
GRANT USAGE ON SCHEMA app TO insightdesk_relay;
--> statement-breakpoint
-- Removes a person who belongs to no organisation any more, with all that is the person's own;
-- false, and nothing is removed, while something else refers to it.
CREATE FUNCTION app.erase_person(person uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  own record;
BEGIN
  IF NOT EXISTS (SELECT FROM public.erasure_people p JOIN public.erasures e USING (organization_id)
    WHERE p.user_id = person AND e.finished_at IS NULL) THEN
    RAISE EXCEPTION USING ERRCODE = '42501', MESSAGE = 'nobody asked for it';
  END IF;
  FOR own IN
    SELECT c.conrelid::regclass AS place, a.attname AS name FROM pg_constraint c
    JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
    WHERE c.contype = 'f' AND c.confrelid = 'public.users'::regclass
      AND cardinality(c.conkey) = 1 AND NOT EXISTS (SELECT FROM pg_attribute t
        WHERE t.attrelid = c.conrelid AND t.attname = 'tenant_id' AND NOT t.attisdropped)
  LOOP
    EXECUTE format('DELETE FROM %s WHERE %I = $1', own.place, own.name) USING person;
  END LOOP;
  DELETE FROM public.users WHERE id = person;
  RETURN FOUND;
EXCEPTION WHEN foreign_key_violation THEN
  RETURN false;
END $$;
--> statement-breakpoint
REVOKE ALL ON FUNCTION app.erase_person(uuid) FROM PUBLIC;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION app.erase_person(uuid) TO insightdesk_relay;
