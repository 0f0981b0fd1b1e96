-- Whose the address is has been shown by a mail that reached it.
ALTER TABLE "users" ADD COLUMN "email_verified_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "password_changed_at" timestamp (3) with time zone;--> statement-breakpoint
-- Only one who has shown it owns an address: whoever else registers with it takes nothing from him.
ALTER TABLE "users" DROP CONSTRAINT "users_email_unique";--> statement-breakpoint
CREATE INDEX "users_email" ON "users" USING btree ("email",(email_verified_at is null),"created_at" DESC);--> statement-breakpoint
CREATE UNIQUE INDEX "users_verified_email" ON "users" USING btree ("email") WHERE email_verified_at is not null;--> statement-breakpoint
-- An invitation that was accepted had reached its address. Row-level security holds for the owner
-- too, so it has to be let in.
CREATE POLICY backfill ON invitations FOR SELECT TO CURRENT_USER USING (true);
--> statement-breakpoint
UPDATE users SET email_verified_at = i.accepted_at
  FROM (SELECT email, min(accepted_at) AS accepted_at FROM invitations
    WHERE accepted_at IS NOT NULL GROUP BY email) i
  WHERE i.email = users.email;
--> statement-breakpoint
DROP POLICY backfill ON invitations;
--> statement-breakpoint
CREATE TABLE "account_links" (
	"id" uuid PRIMARY KEY NOT NULL,
	"purpose" text NOT NULL,
	"user_id" uuid,
	"email" text NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"used_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "account_links" ADD CONSTRAINT "account_links_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "account_links_user" ON "account_links" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "account_links_email" ON "account_links" USING btree ("email");--> statement-breakpoint
CREATE INDEX "account_links_expires" ON "account_links" USING btree ("expires_at");--> statement-breakpoint
-- People are global, and so is what is mailed to them. An id opens nothing: its seal is not stored.
GRANT SELECT, INSERT ON account_links TO insightdesk_app;
--> statement-breakpoint
GRANT UPDATE (used_at) ON account_links TO insightdesk_app;
--> statement-breakpoint
GRANT SELECT (id, expires_at), DELETE ON account_links TO insightdesk_relay;
--> statement-breakpoint
ALTER TABLE account_links ENABLE ROW LEVEL SECURITY;
--> statement-breakpoint
CREATE POLICY services ON account_links TO insightdesk_app USING (true) WITH CHECK (true);
--> statement-breakpoint
CREATE POLICY purge ON account_links TO insightdesk_relay
  USING (expires_at < now() - interval '30 days');
--> statement-breakpoint
CREATE TABLE "daily_counts" (
	"key" text NOT NULL,
	"day" date NOT NULL,
	"count" integer NOT NULL,
	CONSTRAINT "daily_counts_key_day_pk" PRIMARY KEY("key","day")
);
--> statement-breakpoint
CREATE INDEX "daily_counts_day" ON "daily_counts" USING btree ("day");--> statement-breakpoint
GRANT SELECT (key, day), DELETE ON daily_counts TO insightdesk_relay;
--> statement-breakpoint
ALTER TABLE daily_counts ENABLE ROW LEVEL SECURITY;
--> statement-breakpoint
CREATE POLICY purge ON daily_counts TO insightdesk_relay
  USING (day < (now() - interval '30 days')::date);
--> statement-breakpoint
-- Takes one of the `most` that this key has on a day (UTC): true, or null when none is left. Those
-- who ask at once wait for each other; what is rolled back was not taken. The services can do
-- nothing else with the counts.
CREATE FUNCTION app.take_daily(what text, most integer) RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  INSERT INTO public.daily_counts AS c (key, day, count)
    VALUES (what, (now() AT TIME ZONE 'UTC')::date, 1)
    ON CONFLICT (key, day) DO UPDATE SET count = c.count + 1 WHERE c.count < most
    RETURNING true
$$;
--> statement-breakpoint
REVOKE ALL ON FUNCTION app.take_daily(text, integer) FROM PUBLIC;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION app.take_daily(text, integer) TO insightdesk_app;
--> statement-breakpoint
ALTER TABLE "invitations" ADD COLUMN "sends" integer DEFAULT 1 NOT NULL;--> statement-breakpoint
-- Before an organisation is chosen, a person may see the names of those it is an active member of.
CREATE POLICY own_organizations ON organizations FOR SELECT TO insightdesk_app
  USING (app.tenant_id() IS NULL AND EXISTS (SELECT FROM members m
    WHERE m.tenant_id = organizations.id AND m.user_id = app.user_id() AND m.removed_at IS NULL));
