-- Counts one use of a daily quota (UTC) of the tenant: true, or null when none is left; 0 is no limit. Concurrent
-- callers wait for each other; a rollback returns the use.
CREATE FUNCTION app.consume_usage(wanted text, max_count bigint) RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  INSERT INTO public.usage_counters AS c (tenant_id, day, metric, value)
    SELECT app.tenant_id(), (now() AT TIME ZONE 'UTC')::date, wanted, 1
      WHERE NOT EXISTS (SELECT FROM public.tenant_deletions d WHERE d.organization_id = app.tenant_id())
    ON CONFLICT (tenant_id, day, metric) DO UPDATE SET value = c.value + 1
      WHERE max_count = 0 OR c.value < max_count
    RETURNING true
$$;
--> statement-breakpoint
REVOKE ALL ON FUNCTION app.consume_usage(text, bigint) FROM PUBLIC;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION app.consume_usage(text, bigint) TO insightdesk_app;
