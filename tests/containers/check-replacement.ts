import { readFileSync } from 'node:fs';
import { until } from '../../shared/testing/until.ts';

const POLLING = { intervalMs: 250, ignoreErrors: true };

interface Options {
  url: string;
  ca: string;
  compose(...args: string[]): Promise<unknown>;
}

/**
 * Replaces one container of each kind and stops the other one, so that only the new address can respond. Throws if
 * nginx does not find it.
 */
export async function checkReplacement({ url, ca, compose }: Options): Promise<void> {
  const tls = { ca: readFileSync(ca, 'utf8') };
  const request = (path: string) =>
    fetch(`${url}${path}`, { tls, signal: AbortSignal.timeout(10_000) } as RequestInit);
  const isReady = async () => (await request('/health/ready')).ok;
  const replica = async () => {
    const text = await (await request('/socket.io/?EIO=4&transport=polling')).text();
    return /"sid":"(\d)\./.exec(text)?.[1];
  };
  for (const [replaced, other] of [
    ['1', '2'],
    ['2', '1'],
  ] as const) {
    const containers = (n: string) => [`api-${n}`, `websocket-${n}`];
    await compose('kill', '--signal', 'KILL', ...containers(replaced));
    await until('the other replicas to be ready', isReady, POLLING);
    await compose(
      'up',
      '--detach',
      '--wait',
      '--no-deps',
      '--force-recreate',
      ...containers(replaced),
    );
    await compose('stop', ...containers(other));
    await until(`nginx to find api-${replaced}`, isReady, POLLING);
    await until('nginx to find the new websocket', replica, { ...POLLING, equals: replaced });
    await compose('up', '--detach', '--wait', '--no-deps', ...containers(other));
  }
}
