-- How long the oldest recorded event has waited for the relay. Every service reports a stalled relay in its health.
CREATE POLICY owner_read ON outbox FOR SELECT TO CURRENT_USER USING (true);
--> statement-breakpoint
CREATE FUNCTION app.relay_lag_seconds() RETURNS double precision
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce((SELECT extract(epoch FROM now() - created_at) FROM public.outbox WHERE relayed_at IS NULL
    ORDER BY position LIMIT 1), 0)::double precision
$$;
--> statement-breakpoint
REVOKE ALL ON FUNCTION app.relay_lag_seconds() FROM PUBLIC;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION app.relay_lag_seconds() TO insightdesk_app;
