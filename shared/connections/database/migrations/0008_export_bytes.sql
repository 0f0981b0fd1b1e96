-- Exports count as stored bytes until they are deleted.
CREATE OR REPLACE FUNCTION app.add_stored_bytes(tenant uuid, change bigint, is_counted boolean) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE stored_bytes SET bytes = bytes + change WHERE tenant_id = tenant;
  IF FOUND OR change < 0 THEN
    RETURN;
  END IF;
  INSERT INTO stored_bytes SELECT tenant,
      coalesce((SELECT sum(app.attachment_bytes(size_bytes, variants)) FROM attachments
        WHERE tenant_id = tenant AND status <> 'rejected'), 0)
      + coalesce((SELECT sum(size_bytes) FROM tenant_exports WHERE tenant_id = tenant), 0)
      + CASE WHEN is_counted THEN 0 ELSE change END
    ON CONFLICT (tenant_id) DO UPDATE SET bytes = stored_bytes.bytes + change;
END $$;
--> statement-breakpoint
CREATE FUNCTION app.count_export() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  change bigint := coalesce(NEW.size_bytes, 0) - coalesce(OLD.size_bytes, 0);
BEGIN
  IF change <> 0 THEN
    PERFORM app.add_stored_bytes(coalesce(NEW.tenant_id, OLD.tenant_id), change, true);
  END IF;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER count_bytes AFTER INSERT OR DELETE OR UPDATE OF size_bytes ON tenant_exports
  FOR EACH ROW EXECUTE FUNCTION app.count_export();
--> statement-breakpoint
-- Exports from before this trigger.
ALTER TABLE tenant_exports NO FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
ALTER TABLE stored_bytes NO FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
UPDATE stored_bytes s SET bytes = s.bytes + e.bytes
  FROM (SELECT tenant_id, sum(size_bytes)::bigint AS bytes FROM tenant_exports GROUP BY tenant_id) e
  WHERE e.tenant_id = s.tenant_id;
--> statement-breakpoint
ALTER TABLE tenant_exports FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
ALTER TABLE stored_bytes FORCE ROW LEVEL SECURITY;
