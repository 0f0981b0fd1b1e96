/** An external service with idempotency keys, which records all requests. */
export function createExternalService() {
  const requests = new Map<string, number>();
  const keysOfJob = new Map<string, Set<string>>();
  const busy = new Map<string, number>();
  let max = 0;
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    async fetch({ headers }) {
      const [key, job, limit] = ['idempotency-key', 'x-job', 'x-limit'].map(
        (name) => headers.get(name) ?? '',
      ) as [string, string, string];
      requests.set(key, (requests.get(key) ?? 0) + 1);
      keysOfJob.set(job, (keysOfJob.get(job) ?? new Set()).add(key));
      const count = (busy.get(limit) ?? 0) + 1;
      busy.set(limit, count);
      if (limit) max = Math.max(max, count);
      // The effect has happened, but the client has no response yet.
      await Bun.sleep(20 + Math.random() * 200);
      busy.set(limit, (busy.get(limit) ?? 0) - 1);
      return Response.json(key);
    },
  });
  return {
    url: server.url.href,
    keysOfJob,
    /** The number of requests by key. */
    requests,
    /** The maximum number of concurrent requests under one limit. */
    maxConcurrent: () => max,
    stop: () => server.stop(true),
  };
}
