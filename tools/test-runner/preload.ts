/** Loaded by each worker of `bun test` before its first file: which stack is its own. */
const lanes: Record<string, string>[] = JSON.parse(process.env.INSIGHTDESK_LANES ?? '[]');
delete process.env.INSIGHTDESK_LANES;
Object.assign(process.env, lanes[Number(process.env.BUN_TEST_WORKER_ID ?? 1) - 1]);
