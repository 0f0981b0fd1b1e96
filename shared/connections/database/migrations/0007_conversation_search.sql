-- For the tenant in front of an index of pieces; trusted, so that the owner may add it.
CREATE EXTENSION IF NOT EXISTS btree_gin;
--> statement-breakpoint
CREATE TABLE "conversation_subjects" (
	"tenant_id" uuid NOT NULL,
	"conversation_id" uuid NOT NULL,
	"pieces" text[] NOT NULL,
	CONSTRAINT "conversation_subjects_tenant_id_conversation_id_pk" PRIMARY KEY("tenant_id","conversation_id")
);
--> statement-breakpoint
CREATE TABLE "conversation_tags" (
	"tenant_id" uuid NOT NULL,
	"tag" text NOT NULL,
	"number" integer NOT NULL,
	"conversation_id" uuid NOT NULL,
	CONSTRAINT "conversation_tags_tenant_id_tag_number_pk" PRIMARY KEY("tenant_id","tag","number")
);
--> statement-breakpoint
DROP INDEX "conversations_tags";--> statement-breakpoint
ALTER TABLE "conversation_subjects" ADD CONSTRAINT "conversation_subjects_conversation_fk" FOREIGN KEY ("tenant_id","conversation_id") REFERENCES "public"."conversations"("tenant_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "conversation_tags" ADD CONSTRAINT "conversation_tags_conversation_fk" FOREIGN KEY ("tenant_id","conversation_id") REFERENCES "public"."conversations"("tenant_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "conversation_subjects_pieces" ON "conversation_subjects" USING gin ("tenant_id","pieces") WITH (gin_pending_list_limit=256);--> statement-breakpoint
CREATE INDEX "conversation_tags_conversation" ON "conversation_tags" USING btree ("tenant_id","conversation_id");--> statement-breakpoint
CREATE INDEX "conversations_priority" ON "conversations" USING btree ("tenant_id","priority","number");
--> statement-breakpoint
-- Every piece of a text of so many letters, in lower case.
CREATE FUNCTION app.pieces(value text, shortest integer, longest integer)
RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN (
  SELECT coalesce(array_agg(substr(small, place, size)), '{}')
  FROM lower(value) small, generate_series(shortest, longest) size,
    generate_series(1, length(small) - size + 1) place
);
--> statement-breakpoint
-- Tags and subjects go where indexes find them, whoever writes the conversation: also the release
-- before this one, beside it.
CREATE FUNCTION app.index_conversation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' OR NEW.subject IS DISTINCT FROM OLD.subject THEN
    INSERT INTO conversation_subjects VALUES (NEW.tenant_id, NEW.id, app.pieces(NEW.subject, 1, 3))
      ON CONFLICT (tenant_id, conversation_id) DO UPDATE SET pieces = EXCLUDED.pieces;
  END IF;
  IF TG_OP = 'UPDATE' THEN
    DELETE FROM conversation_tags
      WHERE tenant_id = NEW.tenant_id AND conversation_id = NEW.id AND tag <> ALL (NEW.tags);
  END IF;
  INSERT INTO conversation_tags (tenant_id, tag, number, conversation_id)
    SELECT NEW.tenant_id, tag, NEW.number, NEW.id FROM unnest(NEW.tags) tag
    ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER index_new AFTER INSERT ON conversations
  FOR EACH ROW EXECUTE FUNCTION app.index_conversation();
--> statement-breakpoint
CREATE TRIGGER index_changed AFTER UPDATE OF subject, tags ON conversations FOR EACH ROW
  WHEN (NEW.subject IS DISTINCT FROM OLD.subject OR NEW.tags IS DISTINCT FROM OLD.tags)
  EXECUTE FUNCTION app.index_conversation();
--> statement-breakpoint
-- What is there already. Row-level security holds for the owner too, so it has to be let in.
CREATE POLICY backfill ON conversations FOR SELECT TO CURRENT_USER USING (true);
--> statement-breakpoint
INSERT INTO conversation_subjects
  SELECT tenant_id, id, app.pieces(subject, 1, 3) FROM conversations;
--> statement-breakpoint
INSERT INTO conversation_tags (tenant_id, tag, number, conversation_id)
  SELECT DISTINCT tenant_id, unnest(tags), number, id FROM conversations;
--> statement-breakpoint
DROP POLICY backfill ON conversations;
--> statement-breakpoint
SELECT app.protect('conversation_tags'), app.protect('conversation_subjects');
--> statement-breakpoint
-- Under a policy only what is leakproof may use an index, and comparing texts by their parts is
-- not. This function sees all rows and compares nothing but the tenant's, taken from the
-- transaction and not from its caller, who reads what it found under the policy again. Without
-- the tenant there is nothing. Each call is planned for its own values.
-- Common words are found among the newest 1,000; rarer ones by the index of pieces, which alone
-- would gather all that ever matched to give the newest.
CREATE FUNCTION app.find_conversations(part text, viewer uuid, wanted_status text,
  wanted_priority text, wanted_assignee uuid, wanted_tag text, before integer, most integer)
RETURNS SETOF uuid LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  tenant uuid := app.tenant_id();
  pieces text[] := app.pieces(part, least(3, length(lower(part))), 3);
  matching text := ' WHERE c.tenant_id = $1 AND strpos(lower(c.subject), lower($3)) > 0';
  newest text := ' ORDER BY c.number DESC LIMIT $10';
  found uuid[];
BEGIN
  IF tenant IS NULL THEN
    RETURN;
  END IF;
  IF viewer IS NOT NULL THEN matching := matching || ' AND c.customer_id = $4'; END IF;
  IF wanted_status IS NOT NULL THEN matching := matching || ' AND c.status = $5'; END IF;
  IF wanted_priority IS NOT NULL THEN matching := matching || ' AND c.priority = $6'; END IF;
  IF wanted_assignee IS NOT NULL THEN matching := matching || ' AND c.assignee_id = $7'; END IF;
  IF wanted_tag IS NOT NULL THEN
    matching := matching || ' AND EXISTS (SELECT FROM public.conversation_tags t'
      ' WHERE t.tenant_id = $1 AND t.tag = $8 AND t.number = c.number)';
  END IF;
  EXECUTE 'SELECT array(SELECT c.id FROM (SELECT tenant_id, id, number, subject, status,'
    ' priority, customer_id, assignee_id FROM public.conversations'
    ' WHERE tenant_id = $1 AND number < $9 ORDER BY number DESC LIMIT 1000) c'
    || matching || newest || ')'
    INTO found
    USING tenant, pieces, part, viewer, wanted_status, wanted_priority, wanted_assignee,
      wanted_tag, coalesce(before, 2147483647), most;
  IF cardinality(found) = most THEN
    RETURN QUERY SELECT unnest(found);
  ELSE
    RETURN QUERY EXECUTE 'SELECT c.id FROM public.conversation_subjects s'
      ' JOIN public.conversations c ON c.tenant_id = s.tenant_id AND c.id = s.conversation_id'
      || matching || ' AND s.tenant_id = $1 AND s.pieces @> $2 AND c.number < $9' || newest
      USING tenant, pieces, part, viewer, wanted_status, wanted_priority, wanted_assignee,
        wanted_tag, coalesce(before, 2147483647), most;
  END IF;
END $$;
--> statement-breakpoint
REVOKE ALL ON FUNCTION app.find_conversations(text, uuid, text, text, uuid, text, integer, integer)
  FROM PUBLIC;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION
  app.find_conversations(text, uuid, text, text, uuid, text, integer, integer) TO insightdesk_app;
--> statement-breakpoint
-- Whom the function acts as: deploy/provision.sql makes a role that can do nothing else. In a
-- database that was provisioned before there was one, it is the owner.
DO $$
DECLARE
  searcher name := coalesce(
    (SELECT rolname FROM pg_roles
      WHERE rolname = 'insightdesk_search' AND pg_has_role(current_user, oid, 'SET')),
    current_user);
BEGIN
  EXECUTE format('GRANT USAGE ON SCHEMA app, public TO %I', searcher);
  EXECUTE format('GRANT SELECT (tenant_id, id, number, subject, status, priority, customer_id, '
    'assignee_id) ON conversations TO %I', searcher);
  EXECUTE format('GRANT SELECT ON conversation_subjects, conversation_tags TO %I', searcher);
  EXECUTE format('CREATE POLICY search ON conversations FOR SELECT TO %I USING (true)', searcher);
  EXECUTE format('CREATE POLICY search ON conversation_subjects FOR SELECT TO %I USING (true)',
    searcher);
  EXECUTE format('CREATE POLICY search ON conversation_tags FOR SELECT TO %I USING (true)',
    searcher);
  IF searcher <> current_user THEN
    EXECUTE format('GRANT CREATE ON SCHEMA app TO %I', searcher);
    EXECUTE format('ALTER FUNCTION app.find_conversations(text, uuid, text, text, uuid, text, '
      'integer, integer) OWNER TO %I', searcher);
    EXECUTE format('REVOKE CREATE ON SCHEMA app FROM %I', searcher);
  END IF;
END $$;
