-- How often somebody of an organisation came to be able to do less. Whoever was let in at an epoch is
-- let in again while it is the same.
CREATE TABLE app.access_epochs (
  tenant_id uuid PRIMARY KEY REFERENCES organizations (id) ON DELETE CASCADE,
  epoch bigint NOT NULL
);
--> statement-breakpoint
GRANT SELECT ON app.access_epochs TO insightdesk_app, insightdesk_relay, insightdesk_identity;
--> statement-breakpoint
-- What is said on the channel is heard by sockets.
CREATE FUNCTION app.tell_access(tenant uuid, person uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM pg_notify('access', concat_ws(' ', tenant, person));
  INSERT INTO app.access_epochs AS e (tenant_id, epoch) VALUES (tenant, 1)
    ON CONFLICT (tenant_id) DO UPDATE SET epoch = e.epoch + 1;
END $$;
--> statement-breakpoint
REVOKE ALL ON FUNCTION app.tell_access(uuid, uuid) FROM PUBLIC;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION app.tell_access(uuid, uuid)
  TO insightdesk_app, insightdesk_relay, insightdesk_identity;
--> statement-breakpoint
CREATE OR REPLACE FUNCTION app.announce_access() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_TABLE_NAME = 'organizations' THEN
    PERFORM app.tell_access(OLD.id, NULL);
  ELSE
    PERFORM app.tell_access(OLD.tenant_id, OLD.user_id);
  END IF;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE OR REPLACE FUNCTION app.announce_standing() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  person uuid;
BEGIN
  IF TG_TABLE_NAME = 'roles' THEN
    PERFORM app.tell_access(OLD.tenant_id, NULL);
    RETURN NULL;
  END IF;
  IF TG_TABLE_NAME = 'api_key_secrets' THEN
    SELECT k.user_id INTO person FROM api_keys k
      WHERE k.tenant_id = OLD.tenant_id AND k.id = OLD.key_id;
  ELSE
    person := OLD.user_id;
  END IF;
  IF person IS NOT NULL THEN
    PERFORM app.tell_access(OLD.tenant_id, person);
  END IF;
  RETURN NULL;
END $$;
--> statement-breakpoint
-- Volatile, so that it is called only where it is reached.
CREATE FUNCTION app.look_again() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'ID005', MESSAGE = 'somebody may do less since';
END $$;
--> statement-breakpoint
REVOKE ALL ON FUNCTION app.look_again() FROM PUBLIC;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION app.look_again()
  TO insightdesk_app, insightdesk_relay, insightdesk_identity;
