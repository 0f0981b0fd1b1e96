-- What was answered to a request that carried an Idempotency-Key, so that it is done once. Who is
-- nobody's member yet, such as somebody who registers, has the organisation of zeroes.
CREATE TABLE "kept_answers" (
	"tenant_id" uuid NOT NULL,
	"id" text NOT NULL,
	"fingerprint" text NOT NULL,
	"answer" text,
	"answered_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "kept_answers_tenant_id_id_pk" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
CREATE INDEX "kept_answers_age" ON "kept_answers" USING btree ("created_at");
--> statement-breakpoint
SELECT app.protect('kept_answers');
--> statement-breakpoint
-- Of strangers' answers a transaction sees the one that it names.
CREATE POLICY stranger ON kept_answers TO insightdesk_app
  USING (tenant_id = '00000000-0000-0000-0000-000000000000' AND id = current_setting('app.request', true))
  WITH CHECK (tenant_id = '00000000-0000-0000-0000-000000000000' AND id = current_setting('app.request', true));
--> statement-breakpoint
GRANT SELECT (tenant_id, id, created_at), DELETE ON kept_answers TO insightdesk_relay;
--> statement-breakpoint
CREATE POLICY relay ON kept_answers TO insightdesk_relay USING (true);
--> statement-breakpoint
-- Begins a request in the transaction of its effect. Raises IDK01 while another transaction is at it,
-- IDK02 when it was done within 24 hours.
CREATE FUNCTION app.claim_request(tenant uuid, request text, print text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM set_config('app.request', request, true);
  IF NOT pg_try_advisory_xact_lock(hashtextextended('request ' || tenant || ' ' || request, 0)) THEN
    RAISE EXCEPTION USING ERRCODE = 'IDK01', MESSAGE = 'the request is being answered';
  END IF;
  INSERT INTO kept_answers AS kept (tenant_id, id, fingerprint) VALUES (tenant, request, print)
    ON CONFLICT (tenant_id, id) DO UPDATE
      SET fingerprint = print, answer = NULL, answered_at = NULL, created_at = now()
      WHERE kept.created_at < now() - interval '24 hours';
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'IDK02', MESSAGE = 'the request was answered';
  END IF;
END $$;
--> statement-breakpoint
-- What was answered within 24 hours, if anything.
CREATE FUNCTION app.find_request(tenant uuid, request text)
RETURNS TABLE (fingerprint text, answer text, answered boolean, fresh boolean) LANGUAGE plpgsql AS $$
BEGIN
  PERFORM set_config('app.request', request, true);
  RETURN QUERY SELECT kept.fingerprint, kept.answer, kept.answered_at IS NOT NULL,
      kept.created_at > now() - interval '1 minute'
    FROM kept_answers kept
    WHERE kept.tenant_id = tenant AND kept.id = request
      AND kept.created_at >= now() - interval '24 hours';
END $$;
--> statement-breakpoint
CREATE FUNCTION app.keep_answer(tenant uuid, request text, given text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM set_config('app.request', request, true);
  UPDATE kept_answers SET answer = given, answered_at = now() WHERE tenant_id = tenant AND id = request;
END $$;
--> statement-breakpoint
CREATE FUNCTION app.forget_request(tenant uuid, request text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM set_config('app.request', request, true);
  DELETE FROM kept_answers WHERE tenant_id = tenant AND id = request;
END $$;
