/** A process that answers questions, and whose clock is known. */
export interface Child {
  readonly pid: number;
  /** What it said when it was ready. */
  readonly greeting: unknown;
  ask<T>(name: string, input?: object): Promise<T>;
  /** Our time for an instant of its clock, in ms. */
  toOurs(at: number): number;
  stop(): Promise<void>;
}

interface Answer {
  id: number;
  answer?: unknown;
  failure?: string;
}

/** Milliseconds since 1970, with fractions. */
export const now = () => performance.timeOrigin + performance.now();

const CLOCK_SAMPLES = 50;

/** Starts a process that sends `{ id: 0, answer }` when it is ready. */
export async function startChild(command: string[], env: Record<string, string>): Promise<Child> {
  const waiting = new Map<number, (answer: Answer) => void>();
  let lastId = 0;
  const wait = (id: number) =>
    new Promise<Answer>((resolve, reject) => {
      waiting.set(id, resolve);
      void process.exited.then(() => reject(new Error(`${command.join(' ')} has ended`)));
    });
  const process = Bun.spawn(command, {
    env: { ...Bun.env, ...env },
    serialization: 'json',
    stdio: ['ignore', 'inherit', 'inherit'],
    ipc(message: Answer) {
      waiting.get(message.id)?.(message);
      waiting.delete(message.id);
    },
  });
  const greeting = (await wait(0)).answer;

  async function ask<T>(name: string, input: object = {}): Promise<T> {
    const id = ++lastId;
    const answered = wait(id);
    process.send({ id, ask: name, ...input });
    const { answer, failure } = await answered;
    if (failure) throw new Error(`${name}: ${failure}`);
    return answer as T;
  }

  const aheadMs = await measureClock(() => ask<number>('clock'));
  return {
    pid: process.pid,
    greeting,
    ask,
    toOurs: (at) => at - aheadMs,
    async stop() {
      process.kill();
      await process.exited;
    },
  };
}

/** How far another clock is ahead of ours: the quickest answer tells it best. */
async function measureClock(ask: () => Promise<number>): Promise<number> {
  let best = { tookMs: Number.POSITIVE_INFINITY, aheadMs: 0 };
  for (let n = 0; n < CLOCK_SAMPLES; n++) {
    const askedAt = now();
    const theirs = await ask();
    const tookMs = now() - askedAt;
    if (tookMs < best.tookMs) best = { tookMs, aheadMs: theirs - askedAt - tookMs / 2 };
  }
  return best.aheadMs;
}
