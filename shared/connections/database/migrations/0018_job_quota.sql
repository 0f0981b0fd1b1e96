-- Jobs for which an organisation had no room in Valkey, and for ten minutes those that had waited.
-- Without a foreign key: what comes of an organisation that is gone must not hold up the rest.
CREATE TABLE "held_jobs" (
	"tenant_id" uuid NOT NULL,
	"queue" text NOT NULL,
	"id" text NOT NULL,
	"place" bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
	"due_at" timestamp (3) with time zone NOT NULL,
	"request" jsonb NOT NULL,
	"released_at" timestamp (3) with time zone,
	PRIMARY KEY ("tenant_id", "queue", "id")
);
--> statement-breakpoint
CREATE INDEX "held_jobs_waiting" ON "held_jobs" USING btree ("tenant_id", "due_at", "place")
  WHERE released_at IS NULL;
--> statement-breakpoint
CREATE INDEX "held_jobs_released" ON "held_jobs" USING btree ("released_at")
  WHERE released_at IS NOT NULL;
--> statement-breakpoint
SELECT app.protect('held_jobs');
--> statement-breakpoint
-- Tenants' own code counts its jobs; what they are told is the workers'.
REVOKE ALL ON held_jobs FROM insightdesk_app;
--> statement-breakpoint
GRANT SELECT (tenant_id, released_at) ON held_jobs TO insightdesk_app;
--> statement-breakpoint
GRANT SELECT, INSERT, DELETE, UPDATE (released_at) ON held_jobs TO insightdesk_relay;
--> statement-breakpoint
CREATE POLICY hold ON held_jobs TO insightdesk_relay USING (true) WITH CHECK (true);
--> statement-breakpoint
CREATE POLICY look ON held_jobs FOR SELECT TO CURRENT_USER USING (true);
--> statement-breakpoint
-- As before, and tells how many jobs wait: exactly up to 100,000.
DROP FUNCTION app.count_usage(uuid[], date[], text[], bigint[]);
--> statement-breakpoint
CREATE FUNCTION app.count_usage(tenants uuid[], days date[], metrics text[], amounts bigint[])
RETURNS TABLE (tenant_id uuid, day text, today bigint, month bigint, quotas jsonb, held bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  now_day date := (now() AT TIME ZONE 'utc')::date;
BEGIN
  INSERT INTO public.usage_counters AS c (tenant_id, day, metric, value)
    SELECT * FROM unnest(tenants, days, metrics, amounts) AS n (tenant_id, day, metric, value)
    -- Nothing is counted of who is gone.
    WHERE n.value > 0
      AND NOT EXISTS (SELECT FROM public.erasures e WHERE e.organization_id = n.tenant_id)
    ON CONFLICT (tenant_id, day, metric) DO UPDATE SET value = c.value + excluded.value;
  RETURN QUERY SELECT t.id, to_char(now_day, 'YYYY-MM-DD'),
      coalesce(sum(c.value) FILTER (WHERE c.day = now_day), 0)::bigint,
      coalesce(sum(c.value), 0)::bigint,
      (SELECT jsonb_object_agg(q.metric, q.value) FROM public.quotas q WHERE q.tenant_id = t.id),
      (SELECT count(*) FROM (SELECT FROM public.held_jobs h
        WHERE h.tenant_id = t.id AND h.released_at IS NULL LIMIT 100000) waiting)
    FROM (SELECT DISTINCT unnest(tenants) AS id) t
    LEFT JOIN public.usage_counters c ON c.tenant_id = t.id AND c.metric = 'requests'
      AND c.day >= date_trunc('month', now_day)::date
    GROUP BY t.id;
END $$;
--> statement-breakpoint
REVOKE ALL ON FUNCTION app.count_usage(uuid[], date[], text[], bigint[]) FROM PUBLIC;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION app.count_usage(uuid[], date[], text[], bigint[]) TO insightdesk_app;
