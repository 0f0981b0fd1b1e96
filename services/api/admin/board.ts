import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { HonoAdapter } from '@bull-board/hono';
import { usedQueues } from '@insightdesk/shared/domain/catalog';
import { type Queues, queueNames } from '@insightdesk/shared/jobs';
import { fileURLToPath } from 'bun';
import type { Hono } from 'hono';
import { serveStatic } from 'hono/bun';

/** Bull Board over the queues that a job uses or that have jobs, without authentication of its own. */
export async function createBoard(queues: Queues, basePath: string): Promise<Hono> {
  const counts = await Promise.all(
    queueNames.map((name) => (usedQueues.has(name) ? 1 : queues.get(name).count())),
  );
  const shown = queueNames.filter((_, at) => (counts[at] ?? 0) > 0);
  const serverAdapter = new HonoAdapter(serveStatic);
  serverAdapter.setBasePath(basePath);
  createBullBoard({
    serverAdapter,
    queues: shown.map((name) => new BullMQAdapter(queues.get(name) as never)),
    options: {
      uiBasePath: fileURLToPath(new URL('.', import.meta.resolve('@bull-board/ui/package.json'))),
      uiConfig: {
        boardTitle: 'InsightDesk queues',
        hideRedisDetails: true,
        miscLinks: [{ text: 'Sign out', url: `${basePath}/sign-out` }],
      },
    },
  });
  return serverAdapter.registerPlugin() as unknown as Hono;
}
