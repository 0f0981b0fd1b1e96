// Process of the socket clients, separate so that nothing else delays reading.
import { now } from './child.ts';
import { connectRawClient, type RawClient, type Target } from './raw-client.ts';

interface Group {
  clients: RawClient[];
  /** The number of expected events that are missing. */
  missing: number;
  hasAllTimes: boolean;
  receivedAt: number[];
  done: PromiseWithResolvers<void>;
}

/** With more events only the time of the last one is recorded. */
const MAX_TIMES = 1_000;

const groups = new Map<string, Group>();
const groupOf = (name: string): Group => {
  const group = groups.get(name);
  if (!group) throw new Error(`Unknown group ${name}`);
  return group;
};

const methods = {
  clock: () => now(),

  async connect(input: { group: string; targets: Target[]; count: number; concurrency: number }) {
    const { targets, count, concurrency } = input;
    const done = Promise.withResolvers<void>();
    const group: Group = { clients: [], missing: 0, hasAllTimes: false, receivedAt: [], done };
    groups.set(input.group, group);
    const onEvent = () => {
      if (group.missing === 0) return;
      if (--group.missing === 0) group.done.resolve();
      if (group.hasAllTimes || group.missing === 0) group.receivedAt.push(now());
    };
    let left = count;
    const startedAt = now();
    const connector = async () => {
      while (left-- > 0) {
        const target = targets[left % targets.length] as Target;
        group.clients.push(await connectRawClient(target, onEvent));
      }
    };
    await Promise.all(Array.from({ length: concurrency }, connector));
    return now() - startedAt;
  },

  /** Expects `count` more events. */
  expect({ group, count }: { group: string; count: number }) {
    const done = Promise.withResolvers<void>();
    const hasAllTimes = count <= MAX_TIMES;
    Object.assign(groupOf(group), { missing: count, hasAllTimes, receivedAt: [], done });
  },

  /** Waits for the expected events. Returns when they were received. */
  async arrivals({ group: name, timeoutMs }: { group: string; timeoutMs: number }) {
    const group = groupOf(name);
    const timer = setTimeout(group.done.resolve, timeoutMs);
    await group.done.promise;
    clearTimeout(timer);
    if (group.missing > 0) throw new Error(`${group.missing} events are missing`);
    return group.receivedAt;
  },

  close({ group }: { group: string }) {
    for (const client of groupOf(group).clients) client.close();
    groups.delete(group);
  },
};

const send = process.send?.bind(process) ?? (() => {});
interface Message {
  id: number;
  method: keyof typeof methods;
  input: object;
}

async function handle({ id, method, input }: Message) {
  try {
    const run = methods[method] as (input: object) => unknown;
    send({ id, result: (await run(input)) ?? null });
  } catch (error) {
    send({ id, error: String(error) });
  }
}

process.on('message', (message: Message) => void handle(message));
process.on('disconnect', () => process.exit());
send({ id: 0, result: 'ready' });
