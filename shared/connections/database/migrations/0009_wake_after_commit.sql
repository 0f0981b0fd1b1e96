-- A COMMIT that notifies holds up every other such COMMIT until its own is on disk: writers queued
-- behind each other's disks. The relay is woken after the commit now, by whoever recorded; events of
-- the release before this one, beside it, wait until the relay looks by itself (half a second).
DROP TRIGGER announce ON outbox;
--> statement-breakpoint
DROP FUNCTION app.announce_outbox();
