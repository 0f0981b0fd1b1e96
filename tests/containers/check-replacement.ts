import { readFileSync } from 'node:fs';
import { until } from '../../shared/testing/until.ts';

const patient = { intervalMs: 250, ignoreErrors: true };

interface Options {
  url: string;
  ca: string;
  compose(...words: string[]): Promise<unknown>;
}

/**
 * Kills one container of each kind and puts another in its place, then stops the others: whatever
 * answers now, the proxy has found under a new address. Throws when nobody does.
 */
export async function checkReplacement({ url, ca, compose }: Options): Promise<void> {
  const tls = { ca: readFileSync(ca, 'utf8') };
  const ask = (path: string) =>
    fetch(`${url}${path}`, { tls, signal: AbortSignal.timeout(10_000) } as RequestInit);
  const isReady = async () => (await ask('/health/ready')).ok;
  const replica = async () => {
    const text = await (await ask('/socket.io/?EIO=4&transport=polling')).text();
    return /"sid":"(\d)\./.exec(text)?.[1];
  };
  for (const [replaced, other] of [
    ['1', '2'],
    ['2', '1'],
  ] as const) {
    const of = (n: string) => [`api-${n}`, `websocket-${n}`];
    await compose('kill', '--signal', 'KILL', ...of(replaced));
    await until('the other replicas to be ready', isReady, patient);
    await compose('up', '--detach', '--wait', '--no-deps', '--force-recreate', ...of(replaced));
    await compose('stop', ...of(other));
    await until(`nginx to find api-${replaced}`, isReady, patient);
    await until('nginx to find the new websocket', replica, { ...patient, equals: replaced });
    await compose('up', '--detach', '--wait', '--no-deps', ...of(other));
  }
}
