import { expect, test } from 'bun:test';
import { call, isLocalStack, loadRun } from './client.ts';

test.skipIf(!isLocalStack)(
  'GET /backlog on a worker returns the scaling metrics and is not reachable through nginx',
  async () => {
    const worker = loadRun().services.find(({ kind }) => kind === 'worker');
    const { status, body } = await call('GET', `${worker?.url}/backlog`);
    expect(status).toBe(200);
    expect(body.desiredWorkers).toBeGreaterThanOrEqual(1);
    expect(body.queues['email-sending']).toEqual({
      waiting: expect.any(Number),
      active: expect.any(Number),
      oldestSeconds: expect.any(Number),
      isPaused: expect.any(Boolean),
    });
    expect(body.total).toEqual({ waiting: expect.any(Number), oldestSeconds: expect.any(Number) });
    expect((await call('GET', '/backlog')).status).toBe(404);
  },
);
