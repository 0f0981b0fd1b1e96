/** Preloaded by each process of `bun test`: sets the environment of its shard. */
const shards: Record<string, string>[] = JSON.parse(process.env.INSIGHTDESK_SHARDS ?? '[]');
delete process.env.INSIGHTDESK_SHARDS;
Object.assign(process.env, shards[Number(process.env.BUN_TEST_WORKER_ID ?? 1) - 1]);
