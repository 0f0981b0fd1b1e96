import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { RedisClient } from 'bun';
import { until } from '../../shared/testing/until.ts';
import {
  call,
  type DurableEvent,
  isLocalStack,
  type Listener,
  listen,
  run,
} from '../e2e/client.ts';
import { type CollectedIds, collectIds } from './collect-ids.ts';
import { type Operation, operationsOf } from './document.ts';
import { type IdParam, listIdParams } from './id-params.ts';
import { fill, send, withoutVariables } from './requests.ts';
import { type SeededOrganization, seedOrganization } from './seed.ts';
import { createStateReader } from './tenant-state.ts';
import { sample, unknownId, unknownLike, valid } from './values.ts';

/** Longer than usage counters stay in memory. */
const WRITE_BEHIND_MS = 12_000;

/**
 * Two organizations with the same contents. Each caller of `ours` sends every id of `theirs` wherever
 * the OpenAPI and AsyncAPI documents take one, and must get exactly the response for an unknown id.
 * Afterwards `theirs` is unchanged. New routes and channels are covered automatically; a route whose
 * resources `seedOrganization` cannot create fails and needs a line there.
 */
const states = createStateReader(run.postgres);
const json = async (path: string) => (await call('GET', path)).body as any;
let operations: Operation[];
let ours: SeededOrganization;
let theirs: SeededOrganization;
let own: CollectedIds;
let foreign: CollectedIds;
let before: Record<string, string>;
const received: unknown[] = [];
const listeners: Listener[] = [];

const uuidOf = async (id: string) => {
  const { toUuid } = await import('@insightdesk/shared/contract');
  return toUuid(id as never);
};

beforeAll(async () => {
  operations = operationsOf(await json('/openapi.json'));
  ours = await seedOrganization(operations);
  theirs = await seedOrganization(operations);
  own = await collectIds(operations, [ours.owner.token], ours.unlisted);
  const members = [...Object.values(theirs.callers), theirs.guarded.token];
  foreign = await collectIds(operations, members, theirs.unlisted);
  for (const token of Object.values(ours.callers)) {
    const listener = await listen(token);
    listener.socket.onAny((...all) => received.push(all));
    listeners.push(listener);
  }
  before = await readSettled(WRITE_BEHIND_MS);
}, 180_000);

afterAll(() => {
  for (const { close } of listeners) close();
  return states.close();
});

/** The state of `theirs`, once it has not changed for that long. */
async function readSettled(stillMs = 1_500) {
  const tenant = await uuidOf(theirs.organizationId);
  let last = '';
  await until(
    async () => {
      const now = JSON.stringify(await states.read(tenant));
      const isStill = now === last;
      last = now;
      return isStill || (await Bun.sleep(stillMs));
    },
    { timeoutMs: 60_000 },
  );
  return JSON.parse(last) as Record<string, string>;
}

/** Data of `theirs` in a response, except ids that the request itself named. */
function shows(text: string, named: readonly string[] = []): string | undefined {
  if (text.includes(theirs.mark)) return theirs.mark;
  return [...foreign.all].find((id) => !named.includes(id) && text.includes(id));
}

/** The combinations of parameters to attack: each alone, and all together. */
const listAttacks = (params: readonly IdParam[]): (readonly IdParam[])[] => {
  return params.length > 1
    ? [...params.map((param) => [param]), params]
    : params.map((one) => [one]);
};

test('every route that takes an id has one of the other tenant to try', () => {
  const missing = operations.flatMap((operation) =>
    listIdParams(operation)
      .filter((param) => param.in === 'path' && foreign.idsFor(operation, param).length === 0)
      .map(({ at }) => `${operation.method} ${operation.path}: ${at}`),
  );
  expect(missing).toEqual([]);
  expect(operations.length).toBeGreaterThan(30);
});

test('GET routes answer 200 for ids of the own tenant', async () => {
  const reads = operations.filter(
    ({ method, path, isPublic }) => method === 'GET' && path.includes('{') && !isPublic,
  );
  for (const operation of reads) {
    const params = listIdParams(operation).filter((param) => param.in === 'path');
    const values = params.map((param) => [param, own.idsFor(operation, param)[0] ?? ''] as const);
    const { status } = await send(fill(operation, undefined, values), ours.owner.token);
    expect({ path: operation.path, status }).toEqual({ path: operation.path, status: 200 });
  }
  expect(reads.length).toBeGreaterThan(5);
});

test('an id of the other tenant gets the same response as an unknown id', async () => {
  const found: unknown[] = [];
  let requestCount = 0;
  for (const operation of operations) {
    const params = listIdParams(operation);
    for (const attackedParams of listAttacks(params)) {
      for (const [caller, token] of Object.entries(ours.callers)) {
        const known = { password: 'correct horse battery', email: ours.owner.email };
        const body = operation.body && sample(valid(operation.body, { known, isBare: true }));
        const rest = params
          .filter((param) => param.in === 'path' && !attackedParams.includes(param))
          .map((param) => [param, own.idsFor(operation, param)[0] ?? ''] as const);
        const real = attackedParams.map(
          (param) => [param, foreign.idsFor(operation, param)[0] ?? unknownId('x')] as const,
        );
        const madeUp = real.map(([param, id]) => [param, unknownLike(id)] as const);
        const sender = operation.isPublic ? undefined : token;
        const unknownAnswer = await send(fill(operation, body, [...rest, ...madeUp]), sender);
        const foreignAnswer = await send(fill(operation, body, [...rest, ...real]), sender);
        requestCount += 2;
        const shown = shows(
          JSON.stringify(foreignAnswer.body),
          real.map(([, id]) => id),
        );
        const named = attackedParams.map(({ at }) => at.join('.')).join(', ');
        const what = { route: `${operation.method} ${operation.path}`, named, caller };
        if (withoutVariables(unknownAnswer) !== withoutVariables(foreignAnswer))
          found.push({
            ...what,
            unknown: withoutVariables(unknownAnswer),
            foreign: withoutVariables(foreignAnswer),
          });
        if (shown) found.push({ ...what, shown });
        const isByPath = attackedParams.some((param) => param.in === 'path');
        // Without a JSON body only the id can be refused.
        const isOtherwiseValid = caller === 'owner' && !operation.body && !operation.isPublic;
        if (
          isByPath &&
          (isOtherwiseValid ? foreignAnswer.status !== 404 : foreignAnswer.status < 400)
        )
          found.push({ ...what, status: foreignAnswer.status });
      }
    }
  }
  expect(found).toEqual([]);
  expect(requestCount).toBeGreaterThan(150);
}, 300_000);

test('responses and searches contain no data of the other tenant', async () => {
  const reads = operations.filter(({ method, isPublic }) => method === 'GET' && !isPublic);
  for (const [caller, token] of Object.entries(ours.callers)) {
    const seen = await collectIds(operations, [token]);
    expect([...seen.all].filter((id) => foreign.all.has(id))).toEqual([]);
    for (const { path, parameters } of reads.filter((read) => !read.path.includes('{'))) {
      const texts = parameters.filter(
        ({ in: where, schema }) =>
          where === 'query' && !schema.enum && schema.type === 'string' && !schema.pattern,
      );
      for (const { name } of texts) {
        const answer = await send(
          { method: 'GET', path: `${path}?${name}=${theirs.mark}`, body: undefined },
          token,
        );
        const items = (answer.body as { items?: unknown[] }).items ?? [];
        expect({ caller, path, name, items }).toEqual({ caller, path, name, items: [] });
      }
    }
  }
});

test('files and links of the other tenant are refused', async () => {
  expect(foreign.links.size).toBeGreaterThan(0);
  for (const link of foreign.links) {
    for (const token of [undefined, ...Object.values(ours.callers)]) {
      const { status } = await send({ method: 'GET', path: link, body: undefined }, token);
      expect({ link, isRefused: status === 404 || status === 401 }).toEqual({
        link,
        isRefused: true,
      });
    }
  }
});

test('the data of the other tenant is unchanged', async () => {
  expect(await readSettled()).toEqual(before);
});

describe('sockets', () => {
  test('channels of the other tenant are refused like unknown channels', async () => {
    const document = await json('/asyncapi.json');
    const addresses: string[] = Object.values<any>(document.channels)
      .map(({ address }) => address)
      .filter((address) => /-\{[a-z]{3}\}/.test(address ?? ''));
    expect(addresses.length).toBeGreaterThan(4);
    for (const address of addresses) {
      const prefix = /\{([a-z]{3})\}/.exec(address)?.[1] ?? '';
      const ids = [...foreign.all].filter((id) => id.startsWith(`${prefix}_`));
      expect({ address, ids: ids.length > 0 }).toEqual({ address, ids: true });
      for (const { socket } of listeners) {
        for (const [event, rest] of [
          ['subscribe', {}],
          ['presence', {}],
          ['publish', { type: 'typing', data: { text: ours.mark } }],
          ['unsubscribe', {}],
        ] as const) {
          const ask = (id: string) =>
            socket
              .timeout(20_000)
              .emitWithAck(event, { channel: address.replace(/\{[a-z]{3}\}/, id), ...rest });
          const [real = ''] = ids;
          const [unknownAnswer, foreignAnswer] = [await ask(unknownId(prefix)), await ask(real)];
          expect(withoutVariables({ status: 0, body: foreignAnswer } as never)).toBe(
            withoutVariables({ status: 0, body: unknownAnswer } as never),
          );
          if (event === 'subscribe') expect(foreignAnswer.ok).toBe(false);
        }
      }
    }
  });

  test('events of the other tenant reach no client, also after a subscribe to its channel', async () => {
    const observer = await listen(theirs.owner.token);
    const channel = `private-conversation-${theirs.conversationId}`;
    expect((await observer.subscribe(channel)).ok).toBe(true);
    const path = `/v1/conversations/${theirs.conversationId}/messages`;
    const start = received.length;
    await call('POST', path, { token: theirs.owner.token, body: { body: theirs.mark } });
    await until(() =>
      observer.events.some((event: DurableEvent) => event.type === 'message.created'),
    );
    observer.close();
    const mine = `/v1/conversations/${ours.conversationId}/messages`;
    await listeners[0]?.subscribe(`private-conversation-${ours.conversationId}`);
    await call('POST', mine, { token: ours.owner.token, body: { body: ours.mark } });
    await until(() => JSON.stringify(received.slice(start)).includes(ours.mark));
    expect(shows(JSON.stringify(received))).toBeUndefined();
  });
});

test.skipIf(!isLocalStack)('every cached value of a tenant has a key with its id', async () => {
  const valkey = new RedisClient(run.valkey);
  let cursor = '0';
  const misplaced: string[] = [];
  do {
    const [next, keys] = (await valkey.send('SCAN', [cursor, 'COUNT', '1000'])) as [
      string,
      string[],
    ];
    cursor = next;
    for (const key of keys.filter((key) => /cache|log|channel|presence/.test(key))) {
      const dump = String(await valkey.send('DUMP', [key]));
      if (dump.includes(theirs.mark) && !key.includes(theirs.organizationId)) misplaced.push(key);
    }
  } while (cursor !== '0');
  valkey.close();
  expect(misplaced).toEqual([]);
});
