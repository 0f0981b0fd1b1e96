// A process of its own for the clients, so that nothing else keeps them from reading.
import { now } from './child.ts';
import { connectRawClient, type RawClient, type Target } from './raw-client.ts';

interface Group {
  clients: RawClient[];
  received: number;
  closed: number;
  /** How many of the expected events are missing. */
  wanted: number;
  single: boolean;
  arrivals: number[];
  done: PromiseWithResolvers<void>;
}

/** Above this nobody wants to know when each of them came. */
const SINGLE_MAX = 1_000;

const groups = new Map<string, Group>();
const groupOf = (name: string): Group => {
  const group = groups.get(name);
  if (!group) throw new Error(`No group is called ${name}`);
  return group;
};

const questions = {
  clock: () => now(),

  async connect(input: { group: string; targets: Target[]; count: number; atOnce: number }) {
    const { targets, count, atOnce } = input;
    const expected = { wanted: 0, single: false, arrivals: [] };
    const done = Promise.withResolvers<void>();
    const group: Group = { clients: [], received: 0, closed: 0, ...expected, done };
    groups.set(input.group, group);
    const on = {
      event() {
        group.received++;
        if (group.wanted === 0) return;
        if (--group.wanted === 0) group.done.resolve();
        if (group.single || group.wanted === 0) group.arrivals.push(now());
      },
      closed: () => void group.closed++,
    };
    let left = count;
    const startedAt = now();
    const connector = async () => {
      while (left-- > 0) {
        const target = targets[left % targets.length] as Target;
        group.clients.push(await connectRawClient(target, on));
      }
    };
    await Promise.all(Array.from({ length: atOnce }, connector));
    return now() - startedAt;
  },

  /** Waits for so many more events from now on. */
  expect({ group, count }: { group: string; count: number }) {
    const done = Promise.withResolvers<void>();
    const single = count <= SINGLE_MAX;
    Object.assign(groupOf(group), { wanted: count, single, arrivals: [], done });
  },

  /** When the expected events arrived; of many only the last. */
  async arrivals({ group: name, limitMs }: { group: string; limitMs: number }) {
    const group = groupOf(name);
    const timer = setTimeout(group.done.resolve, limitMs);
    await group.done.promise;
    clearTimeout(timer);
    if (group.wanted > 0) throw new Error(`${group.wanted} events are missing`);
    return group.arrivals;
  },

  counts: ({ group }: { group: string }) => {
    const { received, closed } = groupOf(group);
    return { received, closed };
  },

  stick({ group, count }: { group: string; count: number }) {
    for (const client of groupOf(group).clients.slice(0, count)) client.stick();
  },

  close({ group }: { group: string }) {
    for (const client of groupOf(group).clients) client.close();
    groups.delete(group);
  },
};

const send = process.send?.bind(process) ?? (() => {});
async function reply({ id, ask, ...input }: { id: number; ask: keyof typeof questions }) {
  try {
    const question = questions[ask] as (input: object) => unknown;
    send({ id, answer: (await question(input)) ?? null });
  } catch (error) {
    send({ id, failure: String(error) });
  }
}

process.on('message', (question: Parameters<typeof reply>[0]) => void reply(question));
process.on('disconnect', () => process.exit());
send({ id: 0, answer: 'ready' });
