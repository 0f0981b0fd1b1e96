import { withTimeout } from '@insightdesk/shared/promises';
import { call, listen, openOrganization } from '../deploy/e2e/client.ts';
import type { Row } from './run.ts';
import { median } from './sockets/figures.ts';

const SOCKETS = 48;
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 10);
const PATIENCE_MS = 30_000;

/** From asking until the last socket has heard a note, and until the last is closed, in ms. */
async function measureRound() {
  const { owner, agent, customer } = await openOrganization();
  const { body: conversation } = await call('POST', '/v1/conversations', {
    token: customer.token,
    body: { subject: 'Secrets', body: 'Hello' },
  });
  const listeners = await Promise.all(Array.from({ length: SOCKETS }, () => listen(agent.token)));
  const last = (hears: (socket: (typeof listeners)[number]['socket'], done: () => void) => void) =>
    Promise.all(
      listeners.map(({ socket }) => new Promise<void>((resolve) => hears(socket, resolve))),
    );
  for (const one of listeners) {
    const { ok } = await one.subscribe(`private-conversation-${conversation.id}-staff`);
    if (!ok) throw new Error('An agent may not subscribe');
  }
  const timed = async (ask: () => Promise<{ status: number }>, heard: Promise<unknown>) => {
    const askedAt = performance.now();
    const { status } = await ask();
    if (status >= 300) throw new Error(`It was answered ${status}`);
    await withTimeout(heard, PATIENCE_MS);
    return performance.now() - askedAt;
  };
  const note = { token: owner.token, body: { body: 'Careful', kind: 'note' } };
  const told = await timed(
    () => call('POST', `/v1/conversations/${conversation.id}/messages`, note),
    last((socket, done) => socket.once('event', done)),
  );
  const closed = await timed(
    () => call('DELETE', `/v1/members/${agent.id}`, { token: owner.token }),
    last((socket, done) => socket.once('disconnect', done)),
  );
  return { told, closed };
}

/** How soon nothing of somebody who was removed is connected, beside a note to the same sockets on both replicas. */
export default async function measure(): Promise<Row[]> {
  const rounds: Awaited<ReturnType<typeof measureRound>>[] = [];
  for (let round = 0; round < ROUNDS; round++) rounds.push(await measureRound());
  const row = (figure: string, of: (values: number[]) => number): Row => ({
    name: `${SOCKETS} sockets closed after a removal, ${figure}; floor: they hear a note`,
    unit: 'ms',
    floor: of(rounds.map(({ told }) => told)),
    ours: of(rounds.map(({ closed }) => closed)),
    target: '< 1,000 ms',
  });
  return [row('median', median), row('at worst', (values) => Math.max(...values))];
}
