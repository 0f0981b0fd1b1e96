-- Nobody asks for one organisation's events by their place but who replays them; that one reads
-- outbox_event. It cost a write with every event, and another one when it was relayed.
DROP INDEX "outbox_tenant";
