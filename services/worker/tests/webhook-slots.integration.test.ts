import { afterAll, expect, test } from 'bun:test';
import type { Context } from '@insightdesk/shared/context';
import { toUuid } from '@insightdesk/shared/contract';
import { createConversation } from '@insightdesk/shared/domain/desk/conversations';
import {
  createWebhook,
  getWebhook,
  listDeliveries,
} from '@insightdesk/shared/domain/integrations/webhooks';
import { createTestTenant, until } from '@insightdesk/shared/testing';
import { openTestWorker } from '../testing/test-worker.ts';
import { openWebhookReceiver } from '../testing/webhook-receiver.ts';

const worker = await openTestWorker({ webhookTimeoutMs: 15_000 });
afterAll(worker.close);

/** A receiver that accepts requests and answers none until it is released. */
function openHangingReceiver() {
  const released = Promise.withResolvers<void>();
  const requests: string[] = [];
  let answered = 0;
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    idleTimeout: 60,
    async fetch(request) {
      requests.push(new URL(request.url).pathname);
      await released.promise;
      answered++;
      return new Response('ok');
    },
  });
  return {
    urlOf: (n: number) => `http://127.0.0.1:${server.port}/hooks/${n}`,
    requests,
    open: () => requests.length - answered,
    release: released.resolve,
    close: () => void server.stop(true),
  };
}

const createHook = (owner: Context, url: string) =>
  createWebhook(owner, { url, events: ['conversation.created'] });
const startConversation = (owner: Context) =>
  createConversation(owner, { subject: 'S', body: 'B' });

test('while all endpoints of an organization hang, deliveries and retries of another one start', async () => {
  const [flooding, other] = [
    await createTestTenant(worker.context),
    await createTestTenant(worker.context),
  ];
  const hanging = openHangingReceiver();
  const receiver = openWebhookReceiver();
  try {
    for (let n = 0; n < 5; n++) await createHook(flooding.owner, hanging.urlOf(n));
    await createHook(other.owner, receiver.url);
    for (let n = 0; n < 3; n++) await startConversation(flooding.owner);
    // The test worker has four slots.
    await until(() => hanging.open(), { equals: 2 });
    receiver.respondWith((_, attempt) => new Response('', { status: attempt === 1 ? 503 : 200 }));
    await startConversation(other.owner);
    await until(() => receiver.received.length, { equals: 2 });
    expect(hanging.open()).toBe(2);
    hanging.release();
    await until(() => hanging.requests.length, { equals: 15 });
  } finally {
    hanging.close();
    await receiver.close();
  }
});

test('an endpoint that does not answer is paused for all conversations, and any response ends the pause', async () => {
  const { owner } = await createTestTenant(worker.context);
  const receiver = openWebhookReceiver();
  const { port } = new URL(receiver.url);
  await receiver.close();
  const { id } = await createHook(owner, receiver.url);
  await startConversation(owner);
  const listLog = async () => (await listDeliveries(owner, { id })).items;
  await until(async () => (await listLog())[0]?.attempts, { atLeast: 1 });
  // A pause that does not end by itself during the test.
  await worker.admin`update webhooks set paused_until = now() + interval '1 hour'
    where id = ${toUuid(id)}`;
  for (let n = 0; n < 3; n++) await startConversation(owner);
  await until(async () => (await listLog()).length, { equals: 4 });
  await worker.waitForRelay();
  expect((await getWebhook(owner, { id })).pausedUntil).not.toBeNull();
  const again = openWebhookReceiver(Number(port));
  try {
    expect((await listLog()).filter(({ attempts }) => attempts > 0)).toHaveLength(1);
    await worker.admin`update webhooks set paused_until = now() where id = ${toUuid(id)}`;
    await startConversation(owner);
    await until(() => again.received.length, { atLeast: 1 });
    await until(async () => (await getWebhook(owner, { id })).pausedUntil, { equals: null });
    const [row] = await worker.admin`select unanswered_count as count from webhooks
      where id = ${toUuid(id)}`;
    expect(row?.count).toBe(0);
  } finally {
    await again.close();
  }
});
