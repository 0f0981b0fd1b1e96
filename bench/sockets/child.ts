/** A child process that handles requests, and whose clock offset is known. */
export interface Child {
  readonly pid: number;
  /** The result of its ready message. */
  readonly greeting: unknown;
  request<T>(method: string, input?: object): Promise<T>;
  /** Converts a time of its clock to ours, in ms. */
  toLocalTime(time: number): number;
  stop(): Promise<void>;
}

interface Response {
  id: number;
  result?: unknown;
  error?: string;
}

/** Milliseconds since 1970, with fractions. */
export const now = () => performance.timeOrigin + performance.now();

const CLOCK_SAMPLES = 50;

/** Starts a process that sends `{ id: 0, result }` when it is ready. */
export async function startChild(command: string[], env: Record<string, string>): Promise<Child> {
  const waiting = new Map<number, (response: Response) => void>();
  let lastId = 0;
  const wait = (id: number) =>
    new Promise<Response>((resolve, reject) => {
      waiting.set(id, resolve);
      void process.exited.then(() => reject(new Error(`${command.join(' ')} has ended`)));
    });
  const process = Bun.spawn(command, {
    env: { ...Bun.env, ...env },
    serialization: 'json',
    stdio: ['ignore', 'inherit', 'inherit'],
    ipc(message: Response) {
      waiting.get(message.id)?.(message);
      waiting.delete(message.id);
    },
  });
  const greeting = (await wait(0)).result;

  async function request<T>(method: string, input: object = {}): Promise<T> {
    const id = ++lastId;
    const response = wait(id);
    process.send({ id, method, input });
    const { result, error } = await response;
    if (error) throw new Error(`${method}: ${error}`);
    return result as T;
  }

  const aheadMs = await measureClock(() => request<number>('clock'));
  return {
    pid: process.pid,
    greeting,
    request,
    toLocalTime: (time) => time - aheadMs,
    async stop() {
      process.kill();
      await process.exited;
    },
  };
}

/** The offset of another clock. The fastest of several responses is the most accurate. */
async function measureClock(readClock: () => Promise<number>): Promise<number> {
  let best = { tookMs: Number.POSITIVE_INFINITY, aheadMs: 0 };
  for (let n = 0; n < CLOCK_SAMPLES; n++) {
    const sentAt = now();
    const theirTime = await readClock();
    const tookMs = now() - sentAt;
    if (tookMs < best.tookMs) best = { tookMs, aheadMs: theirTime - sentAt - tookMs / 2 };
  }
  return best.aheadMs;
}
