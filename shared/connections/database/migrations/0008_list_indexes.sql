DROP INDEX "members_role";--> statement-breakpoint
CREATE INDEX "members_active" ON "members" USING btree ("tenant_id","user_id") WHERE removed_at is null;--> statement-breakpoint
CREATE INDEX "members_active_role" ON "members" USING btree ("tenant_id","role","user_id") WHERE removed_at is null;--> statement-breakpoint
CREATE INDEX "sessions_live" ON "sessions" USING btree ("tenant_id","user_id","created_at") WHERE revoked_at is null;--> statement-breakpoint
CREATE INDEX "webhook_deliveries_status" ON "webhook_deliveries" USING btree ("tenant_id","webhook_id","status","position");