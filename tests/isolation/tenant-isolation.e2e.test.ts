import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { RedisClient } from 'bun';
import {
  call,
  type DurableEvent,
  isLocalStack,
  type Listener,
  listen,
  run,
  until,
} from '../e2e/client.ts';
import { type Harvest, harvest } from './collect-ids.ts';
import { type Operation, operationsOf } from './document.ts';
import { type IdSlot, idSlotsOf } from './id-params.ts';
import { fill, plain, send } from './requests.ts';
import { type Furnished, furnish } from './seed.ts';
import { openStates } from './tenant-state.ts';
import { one, unknownId, unknownLike, valid } from './values.ts';

/** Longer than what is counted in memory waits to be written. */
const WRITTEN_BEHIND_MS = 12_000;

/**
 * Two organisations of the same shape. Everybody of `ours` names every thing of `theirs` by its real
 * id wherever the API's documents have a place for one, and must be answered exactly as if it had
 * never existed; afterwards `theirs` is as it was. New routes and channels are covered by themselves;
 * a route whose things `furnish` cannot make fails, and wants a line there.
 */
const states = openStates(run.postgres);
const json = async (path: string) => (await call('GET', path)).body as any;
let operations: Operation[];
let ours: Furnished;
let theirs: Furnished;
let own: Harvest;
let foreign: Harvest;
let before: Record<string, string>;
const heard: unknown[] = [];
const listeners: Listener[] = [];

const uuidOf = async (id: string) => {
  const { toUuid } = await import('@insightdesk/shared/contract');
  return toUuid(id as never);
};

beforeAll(async () => {
  operations = operationsOf(await json('/openapi.json'));
  ours = await furnish(operations);
  theirs = await furnish(operations);
  own = await harvest(operations, [ours.owner.token], ours.unlisted);
  const members = [...Object.values(theirs.callers), theirs.guarded.token];
  foreign = await harvest(operations, members, theirs.unlisted);
  for (const token of Object.values(ours.callers)) {
    const listener = await listen(token);
    listener.socket.onAny((...all) => heard.push(all));
    listeners.push(listener);
  }
  before = await settled(WRITTEN_BEHIND_MS);
}, 180_000);

afterAll(() => {
  for (const { close } of listeners) close();
  return states.close();
});

/** What theirs holds, once nothing of it has moved for so long. */
async function settled(stillMs = 1_500) {
  const tenant = await uuidOf(theirs.organizationId);
  let last = '';
  await until(async () => {
    const now = JSON.stringify(await states.read(tenant));
    const isStill = now === last;
    last = now;
    return isStill || (await Bun.sleep(stillMs));
  }, 60_000);
  return JSON.parse(last) as Record<string, string>;
}

/** Whether something of theirs shows in an answer, besides what the request itself named. */
function shows(text: string, named: readonly string[] = []): string | undefined {
  if (text.includes(theirs.mark)) return theirs.mark;
  return [...foreign.all].find((id) => !named.includes(id) && text.includes(id));
}

/** Each slot of an operation with what stands there of ours, and of theirs. */
const attacksOn = (slots: readonly IdSlot[]): (readonly IdSlot[])[] => {
  return slots.length > 1 ? [...slots.map((slot) => [slot]), slots] : slots.map((one) => [one]);
};

test('every route that takes an id has a stranger’s to be tried with', () => {
  const missing = operations.flatMap((operation) =>
    idSlotsOf(operation)
      .filter((slot) => slot.in === 'path' && foreign.idsFor(operation, slot).length === 0)
      .map(({ at }) => `${operation.method} ${operation.path}: ${at}`),
  );
  expect(missing).toEqual([]);
  expect(operations.length).toBeGreaterThan(30);
});

test('our own ids are found by the same requests', async () => {
  const reads = operations.filter(
    ({ method, path, isPublic }) => method === 'GET' && path.includes('{') && !isPublic,
  );
  for (const operation of reads) {
    const slots = idSlotsOf(operation).filter((slot) => slot.in === 'path');
    const filling = slots.map((slot) => [slot, own.idsFor(operation, slot)[0] ?? ''] as const);
    const { status } = await send(fill(operation, undefined, filling), ours.owner.token);
    expect({ path: operation.path, status }).toEqual({ path: operation.path, status: 200 });
  }
  expect(reads.length).toBeGreaterThan(5);
});

test('a stranger’s id is answered like one that nothing has', async () => {
  const found: unknown[] = [];
  let asked = 0;
  for (const operation of operations) {
    const slots = idSlotsOf(operation);
    for (const attacked of attacksOn(slots)) {
      for (const [caller, token] of Object.entries(ours.callers)) {
        const known = { password: 'correct horse battery', email: ours.owner.email };
        const body = operation.body && one(valid(operation.body, { known, isBare: true }));
        const rest = slots
          .filter((slot) => slot.in === 'path' && !attacked.includes(slot))
          .map((slot) => [slot, own.idsFor(operation, slot)[0] ?? ''] as const);
        const real = attacked.map(
          (slot) => [slot, foreign.idsFor(operation, slot)[0] ?? unknownId('x')] as const,
        );
        const madeUp = real.map(([slot, id]) => [slot, unknownLike(id)] as const);
        const sender = operation.isPublic ? undefined : token;
        const nothing = await send(fill(operation, body, [...rest, ...madeUp]), sender);
        const strangers = await send(fill(operation, body, [...rest, ...real]), sender);
        asked += 2;
        const shown = shows(
          JSON.stringify(strangers.body),
          real.map(([, id]) => id),
        );
        const named = attacked.map(({ at }) => at.join('.')).join(', ');
        const what = { route: `${operation.method} ${operation.path}`, named, caller };
        if (plain(nothing) !== plain(strangers))
          found.push({ ...what, nothing: plain(nothing), strangers: plain(strangers) });
        if (shown) found.push({ ...what, shown });
        const isByPath = attacked.some((slot) => slot.in === 'path');
        // Nothing else is wrong with one that takes no JSON: it is the id that is refused.
        const isWell = caller === 'owner' && !operation.body && !operation.isPublic;
        if (isByPath && (isWell ? strangers.status !== 404 : strangers.status < 400))
          found.push({ ...what, status: strangers.status });
      }
    }
  }
  expect(found).toEqual([]);
  expect(asked).toBeGreaterThan(150);
}, 300_000);

test('nothing that our members can read holds anything of theirs, whatever they search for', async () => {
  const reads = operations.filter(({ method, isPublic }) => method === 'GET' && !isPublic);
  for (const [caller, token] of Object.entries(ours.callers)) {
    const seen = await harvest(operations, [token]);
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

test('their files and links open for nobody else', async () => {
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

test('theirs is as it was', async () => {
  expect(await settled()).toEqual(before);
});

describe('sockets', () => {
  test('their channels are refused like those of nothing, for every request that names one', async () => {
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
          const [nothing, strangers] = [await ask(unknownId(prefix)), await ask(real)];
          expect(plain({ status: 0, body: strangers } as never)).toBe(
            plain({ status: 0, body: nothing } as never),
          );
          if (event === 'subscribe') expect(strangers.ok).toBe(false);
        }
      }
    }
  });

  test('what happens there is heard here by nobody, also not under the same name', async () => {
    const witness = await listen(theirs.owner.token);
    const channel = `private-conversation-${theirs.conversationId}`;
    expect((await witness.subscribe(channel)).ok).toBe(true);
    const path = `/v1/conversations/${theirs.conversationId}/messages`;
    const start = heard.length;
    await call('POST', path, { token: theirs.owner.token, body: { body: theirs.mark } });
    await until(() =>
      witness.events.some((event: DurableEvent) => event.type === 'message.created'),
    );
    witness.close();
    const mine = `/v1/conversations/${ours.conversationId}/messages`;
    await listeners[0]?.subscribe(`private-conversation-${ours.conversationId}`);
    await call('POST', mine, { token: ours.owner.token, body: { body: ours.mark } });
    await until(() => JSON.stringify(heard.slice(start)).includes(ours.mark));
    expect(shows(JSON.stringify(heard))).toBeUndefined();
  });
});

test.skipIf(!isLocalStack)('every cached value of theirs stands under their name', async () => {
  const valkey = new RedisClient(run.valkey);
  let cursor = '0';
  const astray: string[] = [];
  do {
    const [next, keys] = (await valkey.send('SCAN', [cursor, 'COUNT', '1000'])) as [
      string,
      string[],
    ];
    cursor = next;
    for (const key of keys.filter((key) => /cache|log|channel|presence/.test(key))) {
      const dump = String(await valkey.send('DUMP', [key]));
      if (dump.includes(theirs.mark) && !key.includes(theirs.organizationId)) astray.push(key);
    }
  } while (cursor !== '0');
  valkey.close();
  expect(astray).toEqual([]);
});
