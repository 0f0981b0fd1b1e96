// Process of the HTTP clients: persistent connections, raw requests, responses delimited by their length.
import { createResponseReader } from './create-response-reader.ts';

/** The requests of one run. */
export interface Load {
  origin: string;
  method: string;
  /** Used in turn. */
  paths: string[];
  headers: Record<string, string>;
  body?: string;
  connections: number;
  seconds: number;
}

/** The result of a run; times in milliseconds. */
export interface Outcome {
  perSecond: number;
  count: number;
  failures: number;
  p50: number;
  p99: number;
}

interface Message {
  id: number;
  method: string;
  input: Load;
}

async function run(load: Load): Promise<Outcome> {
  const { hostname, port } = new URL(load.origin);
  const requests = load.paths.map((path) => Buffer.from(requestText(load, hostname, path)));
  const times: number[] = [];
  let failures = 0;
  let turn = 0;
  const startedAt = performance.now();
  const endsAt = startedAt + load.seconds * 1000;
  await Promise.all(Array.from({ length: load.connections }, connection));
  const tookMs = performance.now() - startedAt;
  times.sort((a, b) => a - b);
  const percentile = (share: number) => times[Math.floor(times.length * share)] ?? 0;
  const perSecond = (times.length / tookMs) * 1000;
  return { perSecond, count: times.length, failures, p50: percentile(0.5), p99: percentile(0.99) };

  async function connection(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    let sentAt = 0;
    const read = createResponseReader((status) => {
      times.push(performance.now() - sentAt);
      if (status >= 400) failures++;
      if (performance.now() >= endsAt) resolve();
      else send();
    });
    const send = () => {
      sentAt = performance.now();
      socket.write(requests[turn++ % requests.length] as Buffer);
    };
    const socket = await Bun.connect({
      hostname,
      port: Number(port),
      socket: {
        data: (_, bytes) => read(Buffer.from(bytes)),
        close: () => reject(new Error('The server closed a connection')),
      },
    });
    send();
    await promise;
    socket.end();
  }
}

function requestText({ method, headers, body = '' }: Load, host: string, path: string): string {
  const length = method === 'GET' ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
  const lines = Object.entries({ Host: host, ...headers, ...length });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return `${method} ${path} HTTP/1.1\r\n${head}\r\n${body}`;
}

async function handle({ id, method, input }: Message): Promise<void> {
  try {
    process.send?.({ id, result: method === 'clock' ? Date.now() : await run(input) });
  } catch (error) {
    process.send?.({ id, error: String(error) });
  }
}

process.on('message', (message: Message) => void handle(message));
process.send?.({ id: 0, result: 'ready' });
