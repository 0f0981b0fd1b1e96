-- The membership of a user in the tenant is one entry of the index, however many organizations the user has.
DROP INDEX "members_user";
--> statement-breakpoint
CREATE INDEX "members_user" ON "members" USING btree ("user_id","tenant_id");