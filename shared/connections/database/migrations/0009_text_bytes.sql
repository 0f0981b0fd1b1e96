CREATE TABLE "text_bytes" (
	"tenant_id" uuid NOT NULL,
	"part" smallint NOT NULL,
	"bytes" bigint NOT NULL,
	CONSTRAINT "text_bytes_tenant_id_part_pk" PRIMARY KEY("tenant_id","part")
);
--> statement-breakpoint
ALTER TABLE "text_bytes" ADD CONSTRAINT "text_bytes_tenant_id_organizations_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."organizations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
SELECT app.protect('text_bytes'), app.export_columns('text_bytes', 'tenant_id part bytes');
--> statement-breakpoint
-- Only the triggers below change it.
REVOKE INSERT, UPDATE, DELETE ON text_bytes FROM insightdesk_app;
--> statement-breakpoint
GRANT SELECT, DELETE ON text_bytes TO insightdesk_relay;
--> statement-breakpoint
CREATE POLICY relay ON text_bytes TO insightdesk_relay USING (true);
--> statement-breakpoint
CREATE POLICY owner_write ON text_bytes TO CURRENT_USER USING (true) WITH CHECK (true);
--> statement-breakpoint
-- A transaction changes one part. A part may be below zero; without any part, rows that are deleted were not counted.
CREATE FUNCTION app.add_text_bytes(tenant uuid, change bigint) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  own smallint := pg_backend_pid() % 16;
BEGIN
  UPDATE public.text_bytes SET bytes = bytes + change WHERE tenant_id = tenant AND part = own;
  IF FOUND THEN
    RETURN;
  END IF;
  IF change < 0 THEN
    UPDATE public.text_bytes SET bytes = bytes + change WHERE tenant_id = tenant
      AND part = (SELECT min(part) FROM public.text_bytes WHERE tenant_id = tenant);
  ELSE
    INSERT INTO public.text_bytes AS t (tenant_id, part, bytes) VALUES (tenant, own, change)
      ON CONFLICT (tenant_id, part) DO UPDATE SET bytes = t.bytes + change;
  END IF;
END $$;
--> statement-breakpoint
-- Once per statement. Callers without an organization have the nil tenant and are not counted.
CREATE FUNCTION app.count_messages() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    PERFORM app.add_text_bytes(tenant_id, sum(octet_length(body))) FROM added GROUP BY tenant_id ORDER BY tenant_id;
  ELSE
    PERFORM app.add_text_bytes(tenant_id, -sum(octet_length(body))) FROM removed GROUP BY tenant_id ORDER BY tenant_id;
  END IF;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE FUNCTION app.count_responses() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  nobody uuid := '00000000-0000-0000-0000-000000000000';
BEGIN
  IF TG_OP = 'DELETE' THEN
    PERFORM app.add_text_bytes(tenant_id, -sum(octet_length(response))) FROM removed
      WHERE tenant_id <> nobody AND response IS NOT NULL GROUP BY tenant_id ORDER BY tenant_id;
  ELSE
    PERFORM app.add_text_bytes(tenant_id, sum(size)) FROM (
        SELECT tenant_id, octet_length(response) AS size FROM added
        UNION ALL SELECT tenant_id, -octet_length(response) FROM removed) changed
      WHERE tenant_id <> nobody AND size IS NOT NULL GROUP BY tenant_id HAVING sum(size) <> 0 ORDER BY tenant_id;
  END IF;
  RETURN NULL;
END $$;
--> statement-breakpoint
REVOKE ALL ON FUNCTION app.add_text_bytes(uuid, bigint), app.count_messages(), app.count_responses() FROM PUBLIC;
--> statement-breakpoint
CREATE TRIGGER count_added_bytes AFTER INSERT ON messages REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION app.count_messages();
--> statement-breakpoint
CREATE TRIGGER count_removed_bytes AFTER DELETE ON messages REFERENCING OLD TABLE AS removed
  FOR EACH STATEMENT EXECUTE FUNCTION app.count_messages();
--> statement-breakpoint
CREATE TRIGGER count_changed_bytes AFTER UPDATE ON idempotency_keys REFERENCING OLD TABLE AS removed NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION app.count_responses();
--> statement-breakpoint
CREATE TRIGGER count_removed_bytes AFTER DELETE ON idempotency_keys REFERENCING OLD TABLE AS removed
  FOR EACH STATEMENT EXECUTE FUNCTION app.count_responses();
--> statement-breakpoint
-- Rows from before these triggers.
ALTER TABLE messages NO FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
ALTER TABLE idempotency_keys NO FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
INSERT INTO text_bytes (tenant_id, part, bytes)
  SELECT tenant_id, 0, sum(size) FROM (
      SELECT tenant_id, octet_length(body)::bigint AS size FROM messages
      UNION ALL SELECT tenant_id, octet_length(response) FROM idempotency_keys
        WHERE response IS NOT NULL AND tenant_id <> '00000000-0000-0000-0000-000000000000') counted
    GROUP BY tenant_id;
--> statement-breakpoint
ALTER TABLE messages FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
ALTER TABLE idempotency_keys FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
-- All that counts towards the quota of stored bytes.
CREATE FUNCTION app.used_bytes(tenant uuid) RETURNS bigint LANGUAGE sql STABLE
  RETURN coalesce((SELECT bytes FROM stored_bytes WHERE tenant_id = tenant), 0)
    + coalesce((SELECT sum(bytes) FROM text_bytes WHERE tenant_id = tenant), 0)::bigint;
--> statement-breakpoint
CREATE OR REPLACE FUNCTION app.reserve_bytes(tenant uuid, upload uuid, wanted bigint, fallback bigint,
  OUT reserved boolean, OUT used bigint, OUT allowed bigint) LANGUAGE plpgsql AS $$
DECLARE
  texts bigint := (SELECT coalesce(sum(bytes), 0) FROM text_bytes WHERE tenant_id = tenant);
BEGIN
  PERFORM app.add_stored_bytes(tenant, 0, false);
  allowed := app.quota(tenant, 'stored-bytes', fallback);
  UPDATE stored_bytes SET bytes = bytes + wanted
    WHERE tenant_id = tenant AND (allowed = 0 OR bytes + texts + wanted <= allowed);
  reserved := FOUND;
  used := app.used_bytes(tenant);
  IF reserved THEN
    INSERT INTO byte_reservations (tenant_id, id, bytes) VALUES (tenant, upload, wanted);
  END IF;
END $$;
--> statement-breakpoint
-- Stores a response; of a large one only the fact when the organization has used all of its bytes.
CREATE FUNCTION app.complete_idempotency_key(tenant uuid, key text, stored_response text,
  verified_quota bigint, unverified_quota bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  allowed bigint;
BEGIN
  PERFORM set_config('app.idempotency_key', key, true);
  IF octet_length(stored_response) > 1024 THEN
    allowed := app.quota(tenant, 'stored-bytes',
      CASE WHEN app.has_verified_owner(tenant) THEN verified_quota ELSE unverified_quota END);
    IF allowed > 0 AND app.used_bytes(tenant) + octet_length(stored_response) > allowed THEN
      stored_response := NULL;
    END IF;
  END IF;
  UPDATE idempotency_keys SET response = stored_response, completed_at = now()
    WHERE tenant_id = tenant AND id = key;
END $$;
