import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { HonoAdapter } from '@bull-board/hono';
import { type Queues, queueNames } from '@insightdesk/shared/jobs';
import { fileURLToPath } from 'bun';
import type { Hono } from 'hono';
import { serveStatic } from 'hono/bun';

/** Bull Board over all queues, without authentication of its own. */
export function createBoard(queues: Queues, basePath: string): Hono {
  const serverAdapter = new HonoAdapter(serveStatic);
  serverAdapter.setBasePath(basePath);
  createBullBoard({
    serverAdapter,
    queues: queueNames.map((name) => new BullMQAdapter(queues.get(name) as never)),
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
