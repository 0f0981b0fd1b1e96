import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mapConcurrent } from '@insightdesk/shared/promises';
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
import { buildRequest, type IdValues, send, withoutVariables } from './requests.ts';
import { type SeededOrganization, seedOrganization } from './seed.ts';
import { createStateReader } from './tenant-state.ts';
import { sample, unknownId, unknownLike, validValues } from './values.ts';

/** Longer than usage counters stay in memory. */
const WRITE_BEHIND_MS = 12_000;
const UNCHANGED_MS = 1_500;
const CONCURRENCY = 8;

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
let ownIds: CollectedIds;
let foreignIds: CollectedIds;
let before: Record<string, string>;
const received: unknown[] = [];
const listeners: Listener[] = [];

const uuidOf = async (id: string) => {
  const { toUuid } = await import('@insightdesk/shared/contract');
  return toUuid(id as never);
};

beforeAll(async () => {
  operations = operationsOf(await json('/openapi.json'));
  theirs = await seedOrganization(operations);
  const members = [...Object.values(theirs.callers), theirs.passkeyUser.token];
  foreignIds = await collectIds(operations, members, theirs.unlisted);
  const writtenAfter = performance.now() + WRITE_BEHIND_MS;
  ours = await seedOrganization(operations);
  ownIds = await collectIds(operations, [ours.owner.token], ours.unlisted);
  for (const token of Object.values(ours.callers)) {
    const listener = await listen(token);
    listener.socket.onAny((...all) => received.push(all));
    listeners.push(listener);
  }
  await Bun.sleep(Math.max(0, writtenAfter - performance.now()));
  before = await readStable();
}, 180_000);

afterAll(() => {
  for (const { close } of listeners) close();
  return states.close();
});

/** The state of `theirs` after it has not changed for a while. */
async function readStable() {
  const tenant = await uuidOf(theirs.organizationId);
  let last = '';
  await until(
    async () => {
      const current = JSON.stringify(await states.read(tenant));
      const isStable = current === last;
      last = current;
      return isStable || (await Bun.sleep(UNCHANGED_MS));
    },
    { timeoutMs: 60_000 },
  );
  return JSON.parse(last) as Record<string, string>;
}

/** Data of `theirs` in a response, except the ids in the request. */
function findLeak(text: string, requested: readonly string[] = []): string | undefined {
  if (text.includes(theirs.marker)) return theirs.marker;
  return [...foreignIds.all].find((id) => !requested.includes(id) && text.includes(id));
}

/** The combinations of parameters that get foreign ids: each one alone, and all together. */
const listAttacks = (params: readonly IdParam[]): (readonly IdParam[])[] => {
  return params.length > 1
    ? [...params.map((param) => [param]), params]
    : params.map((param) => [param]);
};

test('each route that takes an id is tested with an id of the other tenant', () => {
  const missing = operations.flatMap((operation) =>
    listIdParams(operation)
      .filter((param) => param.in === 'path' && foreignIds.idsFor(operation, param).length === 0)
      .map(({ location }) => `${operation.method} ${operation.path}: ${location}`),
  );
  expect(missing).toEqual([]);
  expect(operations.length).toBeGreaterThan(30);
});

test('GET routes respond 200 for ids of the own tenant', async () => {
  const reads = operations.filter(
    ({ method, path, isPublic }) => method === 'GET' && path.includes('{') && !isPublic,
  );
  for (const operation of reads) {
    const params = listIdParams(operation).filter((param) => param.in === 'path');
    const values = params.map(
      (param) => [param, ownIds.idsFor(operation, param)[0] ?? ''] as const,
    );
    const { status } = await send(buildRequest(operation, undefined, values), ours.owner.token);
    expect({ path: operation.path, status }).toEqual({ path: operation.path, status: 200 });
  }
  expect(reads.length).toBeGreaterThan(5);
});

interface Attack {
  operation: Operation;
  /** All parameters of the operation that take ids. */
  params: readonly IdParam[];
  /** Those that get ids of the other tenant. */
  attackedParams: readonly IdParam[];
  caller: string;
}

/** Every attack by every caller. */
const listAllAttacks = (): Attack[] =>
  operations.flatMap((operation) => {
    const params = listIdParams(operation);
    return listAttacks(params).flatMap((attackedParams) =>
      Object.keys(ours.callers).map((caller) => ({ operation, params, attackedParams, caller })),
    );
  });

/** Sends unknown and foreign ids; returns what a foreign id reveals. */
async function findViolations({ operation, params, attackedParams, caller }: Attack) {
  const known = { password: 'correct horse battery', email: ours.owner.email };
  const body = operation.body && sample(validValues(operation.body, { known, isBare: true }));
  const rest = params
    .filter((param) => param.in === 'path' && !attackedParams.includes(param))
    .map((param) => [param, ownIds.idsFor(operation, param)[0] ?? ''] as const);
  const foreignValues = attackedParams.map(
    (param) => [param, foreignIds.idsFor(operation, param)[0] ?? unknownId('x')] as const,
  );
  const unknownValues = foreignValues.map(([param, id]) => [param, unknownLike(id)] as const);
  const sender = operation.isPublic ? undefined : ours.callers[caller];
  const sendWith = (values: IdValues) =>
    send(buildRequest(operation, body, [...rest, ...values]), sender);
  const unknownResponse = await sendWith(unknownValues);
  const foreignResponse = await sendWith(foreignValues);
  const requested = foreignValues.map(([, id]) => id);
  const leak = findLeak(JSON.stringify(foreignResponse.body), requested);
  const [unknown, foreign] = [unknownResponse, foreignResponse].map(withoutVariables);
  const isByPath = attackedParams.some((param) => param.in === 'path');
  // Without a JSON body the request has no other error than the id.
  const isOtherwiseValid = caller === 'owner' && !operation.body && !operation.isPublic;
  const { status } = foreignResponse;
  const isAccepted = isByPath && (isOtherwiseValid ? status !== 404 : status < 400);
  const attacked = attackedParams.map(({ location }) => location.join('.')).join(', ');
  const attack = { route: `${operation.method} ${operation.path}`, attacked, caller };
  return [
    ...(unknown === foreign ? [] : [{ ...attack, unknown, foreign }]),
    ...(leak ? [{ ...attack, leak }] : []),
    ...(isAccepted ? [{ ...attack, status }] : []),
  ];
}

test('an id of the other tenant gets the same response as an unknown id', async () => {
  const attacks = listAllAttacks();
  expect(attacks.length).toBeGreaterThan(75);
  // Failed logins of one account are limited, so these run one after another.
  const takesPassword = ({ operation }: Attack) => 'password' in (operation.body?.properties ?? {});
  const { sequential = [], concurrent = [] } = Object.groupBy(attacks, (attack) =>
    takesPassword(attack) ? 'sequential' : 'concurrent',
  );
  const violations = [
    ...(await mapConcurrent(sequential, 1, findViolations)),
    ...(await mapConcurrent(concurrent, CONCURRENCY, findViolations)),
  ];
  expect(violations.flat()).toEqual([]);
}, 300_000);

test('responses and searches contain no data of the other tenant', async () => {
  const reads = operations.filter(({ method, isPublic }) => method === 'GET' && !isPublic);
  const tokens = Object.values(ours.callers);
  const collected = await Promise.all(tokens.map((token) => collectIds(operations, [token])));
  for (const { all } of collected) expect(all.intersection(foreignIds.all)).toEqual(new Set());
  for (const [caller, token] of Object.entries(ours.callers)) {
    for (const { path, parameters } of reads.filter((read) => !read.path.includes('{'))) {
      const texts = parameters.filter(
        ({ in: where, schema }) =>
          where === 'query' && !schema.enum && schema.type === 'string' && !schema.pattern,
      );
      for (const { name } of texts) {
        const response = await send(
          { method: 'GET', path: `${path}?${name}=${theirs.marker}`, body: undefined },
          token,
        );
        const items = (response.body as { items?: unknown[] }).items ?? [];
        expect({ caller, path, name, items }).toEqual({ caller, path, name, items: [] });
      }
    }
  }
});

test('files and links of the other tenant are refused', async () => {
  expect(foreignIds.links.size).toBeGreaterThan(0);
  for (const link of foreignIds.links) {
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
  expect(await readStable()).toEqual(before);
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
      const ids = [...foreignIds.all].filter((id) => id.startsWith(`${prefix}_`));
      expect({ address, ids: ids.length > 0 }).toEqual({ address, ids: true });
      for (const { socket } of listeners) {
        for (const [event, rest] of [
          ['subscribe', {}],
          ['presence', {}],
          ['publish', { type: 'typing', data: { text: ours.marker } }],
          ['unsubscribe', {}],
        ] as const) {
          const emit = (id: string) =>
            socket
              .timeout(20_000)
              .emitWithAck(event, { channel: address.replace(/\{[a-z]{3}\}/, id), ...rest });
          const [foreignId = ''] = ids;
          const [unknownResponse, foreignResponse] = [
            await emit(unknownId(prefix)),
            await emit(foreignId),
          ];
          expect(withoutVariables({ status: 0, body: foreignResponse } as never)).toBe(
            withoutVariables({ status: 0, body: unknownResponse } as never),
          );
          if (event === 'subscribe') expect(foreignResponse.ok).toBe(false);
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
    await call('POST', path, { token: theirs.owner.token, body: { body: theirs.marker } });
    await until(() =>
      observer.events.some((event: DurableEvent) => event.type === 'message.created'),
    );
    observer.close();
    const ownPath = `/v1/conversations/${ours.conversationId}/messages`;
    await listeners[0]?.subscribe(`private-conversation-${ours.conversationId}`);
    await call('POST', ownPath, { token: ours.owner.token, body: { body: ours.marker } });
    await until(() => JSON.stringify(received.slice(start)).includes(ours.marker));
    expect(findLeak(JSON.stringify(received))).toBeUndefined();
  });
});

test.skipIf(!isLocalStack)('keys of cached tenant data contain the tenant id', async () => {
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
      if (dump.includes(theirs.marker) && !key.includes(theirs.organizationId)) misplaced.push(key);
    }
  } while (cursor !== '0');
  valkey.close();
  expect(misplaced).toEqual([]);
});
