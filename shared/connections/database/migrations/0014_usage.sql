-- Why an upload was rejected, and how often it was tried.
ALTER TABLE "attachments" ADD COLUMN "rejection" text;
--> statement-breakpoint
ALTER TABLE "attachments" ADD COLUMN "attempts" smallint DEFAULT 0 NOT NULL;
--> statement-breakpoint
-- What operators allow an organisation in place of the configured default; 0 is no limit.
CREATE TABLE "quotas" (
	"tenant_id" uuid NOT NULL REFERENCES "organizations"("id"),
	"metric" text NOT NULL,
	"value" bigint NOT NULL CHECK ("value" >= 0),
	PRIMARY KEY ("tenant_id", "metric")
);
--> statement-breakpoint
-- Without a foreign key: what was counted of an organisation that is gone must not hold up the rest.
CREATE TABLE "usage_counters" (
	"tenant_id" uuid NOT NULL,
	"day" date NOT NULL,
	"metric" text NOT NULL,
	"value" bigint NOT NULL,
	PRIMARY KEY ("tenant_id", "day", "metric")
);
--> statement-breakpoint
-- The bytes of an organisation's files and of uploads under way, kept by a trigger.
CREATE TABLE "stored_bytes" (
	"tenant_id" uuid PRIMARY KEY NOT NULL REFERENCES "organizations"("id"),
	"bytes" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "byte_reservations" (
	"tenant_id" uuid NOT NULL REFERENCES "organizations"("id"),
	"id" uuid NOT NULL,
	"bytes" bigint NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	PRIMARY KEY ("tenant_id", "id")
);
--> statement-breakpoint
-- Attachments that are gone and whose files have yet to go.
CREATE TABLE "discarded_attachments" (
	"tenant_id" uuid NOT NULL REFERENCES "organizations"("id"),
	"id" uuid NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	PRIMARY KEY ("tenant_id", "id")
);
--> statement-breakpoint
CREATE INDEX "attachments_unclaimed" ON "attachments" USING btree ("created_at") WHERE "message_id" IS NULL;
--> statement-breakpoint
CREATE INDEX "usage_counters_age" ON "usage_counters" USING btree ("day");
--> statement-breakpoint
CREATE INDEX "byte_reservations_age" ON "byte_reservations" USING btree ("created_at");
--> statement-breakpoint
SELECT app.protect('quotas'), app.protect('usage_counters'), app.protect('stored_bytes'),
  app.protect('byte_reservations'), app.protect('discarded_attachments');
--> statement-breakpoint
REVOKE INSERT, UPDATE, DELETE ON usage_counters FROM insightdesk_app;
--> statement-breakpoint
REVOKE INSERT, UPDATE, DELETE ON discarded_attachments FROM insightdesk_app;
--> statement-breakpoint
-- The system deletes old counters, and collects what nobody claimed.
GRANT SELECT, DELETE ON usage_counters TO insightdesk_relay;
--> statement-breakpoint
CREATE POLICY collect ON usage_counters TO insightdesk_relay USING (true);
--> statement-breakpoint
-- Every service counts what it lets through, for many organisations at once, and can do no more with
-- the counters than add to them. It learns how those that it counted stand, all processes together.
CREATE POLICY add ON usage_counters TO CURRENT_USER USING (true) WITH CHECK (true);
--> statement-breakpoint
CREATE POLICY look ON quotas FOR SELECT TO CURRENT_USER USING (true);
--> statement-breakpoint
CREATE FUNCTION app.count_usage(tenants uuid[], days date[], metrics text[], amounts bigint[])
RETURNS TABLE (tenant_id uuid, day text, today bigint, month bigint, quotas jsonb)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  now_day date := (now() AT TIME ZONE 'utc')::date;
BEGIN
  INSERT INTO public.usage_counters AS c (tenant_id, day, metric, value)
    SELECT * FROM unnest(tenants, days, metrics, amounts) AS n (tenant_id, day, metric, value)
    WHERE n.value > 0
    ON CONFLICT (tenant_id, day, metric) DO UPDATE SET value = c.value + excluded.value;
  RETURN QUERY SELECT t.id, to_char(now_day, 'YYYY-MM-DD'),
      coalesce(sum(c.value) FILTER (WHERE c.day = now_day), 0)::bigint,
      coalesce(sum(c.value), 0)::bigint,
      (SELECT jsonb_object_agg(q.metric, q.value) FROM public.quotas q WHERE q.tenant_id = t.id)
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
GRANT SELECT, UPDATE ON stored_bytes TO insightdesk_relay;
--> statement-breakpoint
CREATE POLICY collect ON stored_bytes TO insightdesk_relay USING (true) WITH CHECK (true);
--> statement-breakpoint
GRANT SELECT, DELETE ON byte_reservations TO insightdesk_relay;
--> statement-breakpoint
CREATE POLICY collect ON byte_reservations TO insightdesk_relay
  USING (created_at < now() - interval '1 hour');
--> statement-breakpoint
GRANT SELECT, INSERT, DELETE ON discarded_attachments TO insightdesk_relay;
--> statement-breakpoint
CREATE POLICY collect ON discarded_attachments TO insightdesk_relay USING (true) WITH CHECK (true);
--> statement-breakpoint
GRANT SELECT (tenant_id, id, message_id, created_at, size_bytes, variants), DELETE ON attachments TO insightdesk_relay;
--> statement-breakpoint
CREATE POLICY collect ON attachments TO insightdesk_relay
  USING (message_id IS NULL AND created_at < now() - interval '24 hours');
--> statement-breakpoint
GRANT USAGE ON SCHEMA app TO insightdesk_relay;
--> statement-breakpoint
CREATE FUNCTION app.bytes_of(size bigint, variants jsonb) RETURNS bigint LANGUAGE sql IMMUTABLE
  RETURN size + (SELECT coalesce(sum((v ->> 'sizeBytes')::bigint), 0)
    FROM jsonb_array_elements(variants) v)::bigint;
--> statement-breakpoint
-- Adds to an organisation's bytes; the first time they are summed up. The sum tells of this change
-- already when `counted`.
CREATE FUNCTION app.add_bytes(tenant uuid, change bigint, counted boolean) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE stored_bytes SET bytes = bytes + change WHERE tenant_id = tenant;
  IF FOUND OR change < 0 THEN
    RETURN;
  END IF;
  INSERT INTO stored_bytes SELECT tenant, coalesce(sum(app.bytes_of(size_bytes, variants)), 0)
      + CASE WHEN counted THEN 0 ELSE change END FROM attachments WHERE tenant_id = tenant
    ON CONFLICT (tenant_id) DO UPDATE SET bytes = stored_bytes.bytes + change;
END $$;
--> statement-breakpoint
CREATE FUNCTION app.count_attachment() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  change bigint := 0;
BEGIN
  IF TG_OP <> 'INSERT' THEN
    change := change - app.bytes_of(OLD.size_bytes, OLD.variants);
  END IF;
  IF TG_OP <> 'DELETE' THEN
    change := change + app.bytes_of(NEW.size_bytes, NEW.variants);
  END IF;
  IF change <> 0 THEN
    PERFORM app.add_bytes(coalesce(NEW.tenant_id, OLD.tenant_id), change, true);
  END IF;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER count_bytes AFTER INSERT OR DELETE OR UPDATE OF size_bytes, variants ON attachments
  FOR EACH ROW EXECUTE FUNCTION app.count_attachment();
--> statement-breakpoint
-- What an organisation may have: its own quota or the given one; 0 is no limit.
CREATE FUNCTION app.quota(tenant uuid, wanted text, fallback bigint) RETURNS bigint
LANGUAGE sql STABLE
  RETURN coalesce((SELECT value FROM quotas WHERE tenant_id = tenant AND metric = wanted), fallback);
--> statement-breakpoint
-- Sets bytes aside for an upload, exactly: whoever would exceed the quota gets none.
CREATE FUNCTION app.reserve_bytes(tenant uuid, upload uuid, wanted bigint, fallback bigint,
  OUT reserved boolean, OUT used bigint, OUT allowed bigint) LANGUAGE plpgsql AS $$
BEGIN
  PERFORM app.add_bytes(tenant, 0, false);
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
-- Ends a reservation; false when it was collected before.
CREATE FUNCTION app.release_bytes(tenant uuid, upload uuid) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  freed bigint;
BEGIN
  DELETE FROM byte_reservations WHERE tenant_id = tenant AND id = upload RETURNING bytes INTO freed;
  UPDATE stored_bytes SET bytes = bytes - freed WHERE tenant_id = tenant AND freed IS NOT NULL;
  RETURN freed IS NOT NULL;
END $$;
