-- What was rejected keeps its row, which says why, and none of its bytes.
DROP TRIGGER count_bytes ON attachments;
--> statement-breakpoint
CREATE OR REPLACE FUNCTION app.add_bytes(tenant uuid, change bigint, counted boolean) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE stored_bytes SET bytes = bytes + change WHERE tenant_id = tenant;
  IF FOUND OR change < 0 THEN
    RETURN;
  END IF;
  INSERT INTO stored_bytes SELECT tenant, coalesce(sum(app.bytes_of(size_bytes, variants)), 0)
      + CASE WHEN counted THEN 0 ELSE change END FROM attachments
      WHERE tenant_id = tenant AND status <> 'rejected'
    ON CONFLICT (tenant_id) DO UPDATE SET bytes = stored_bytes.bytes + change;
END $$;
--> statement-breakpoint
CREATE OR REPLACE FUNCTION app.count_attachment() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  change bigint := 0;
BEGIN
  IF TG_OP <> 'INSERT' AND OLD.status <> 'rejected' THEN
    change := change - app.bytes_of(OLD.size_bytes, OLD.variants);
  END IF;
  IF TG_OP <> 'DELETE' AND NEW.status <> 'rejected' THEN
    change := change + app.bytes_of(NEW.size_bytes, NEW.variants);
  END IF;
  IF change <> 0 THEN
    PERFORM app.add_bytes(coalesce(NEW.tenant_id, OLD.tenant_id), change, true);
  END IF;
  -- Remembered until its files are gone, also when a release of before rejects it.
  IF TG_OP = 'UPDATE' AND NEW.status = 'rejected' AND OLD.status <> 'rejected' THEN
    INSERT INTO discarded_attachments (tenant_id, id) VALUES (NEW.tenant_id, NEW.id)
      ON CONFLICT DO NOTHING;
  END IF;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER count_bytes AFTER INSERT OR DELETE OR UPDATE OF size_bytes, variants, status ON attachments
  FOR EACH ROW EXECUTE FUNCTION app.count_attachment();
--> statement-breakpoint
-- Those of before; row-level security holds for the owner too.
CREATE POLICY backfill ON attachments FOR SELECT TO CURRENT_USER USING (true);
--> statement-breakpoint
CREATE POLICY backfill ON stored_bytes TO CURRENT_USER USING (true) WITH CHECK (true);
--> statement-breakpoint
CREATE POLICY backfill ON discarded_attachments TO CURRENT_USER USING (true) WITH CHECK (true);
--> statement-breakpoint
UPDATE stored_bytes SET bytes = stored_bytes.bytes - rejected.bytes
  FROM (SELECT tenant_id, sum(app.bytes_of(size_bytes, variants)) AS bytes FROM attachments
    WHERE status = 'rejected' GROUP BY tenant_id) rejected
  WHERE stored_bytes.tenant_id = rejected.tenant_id;
--> statement-breakpoint
INSERT INTO discarded_attachments (tenant_id, id)
  SELECT tenant_id, id FROM attachments WHERE status = 'rejected' ON CONFLICT DO NOTHING;
--> statement-breakpoint
DROP POLICY backfill ON attachments;
--> statement-breakpoint
DROP POLICY backfill ON stored_bytes;
--> statement-breakpoint
DROP POLICY backfill ON discarded_attachments;
