import { networkInterfaces } from 'node:os';

type Compose = (...words: string[]) => Promise<string>;

const TIMEOUT_SECONDS = 3;
type Ports = Readonly<Record<string, number>>;
const defaultPorts: Ports = { postgres: 5432, valkey: 6379, cache: 6379 };

/**
 * Tries what the networks have to prevent, and beside each the same from where it is allowed. Throws
 * with the first way that is open and should not be, or the other way round.
 */
export async function checkNetworkIsolation(
  compose: Compose,
  stores = defaultPorts,
): Promise<void> {
  const opens = (from: string, host: string, port: number) =>
    compose(
      ...['exec', '-T', from, 'timeout', `${TIMEOUT_SECONDS}`],
      ...['bash', '-c', `exec 3<>/dev/tcp/${host}/${port}`],
    ).then(
      () => true,
      () => false,
    );
  const expect = async (from: string, host: string, port: number, wanted: boolean) => {
    if ((await opens(from, host, port)) === wanted) return;
    throw new Error(`${from} ${wanted ? 'does not reach' : 'reaches'} ${host}:${port}`);
  };

  for (const [store, port] of Object.entries(stores)) {
    const address = (await compose('exec', '-T', store, 'hostname', '-i')).trim().split(/\s/)[0];
    if (!address) throw new Error(`${store} has no address`);
    await expect('api-1', address, port, true);
    for (const host of [store, address]) await expect('nginx', host, port, false);
  }
  const outside = Bun.serve({ hostname: '0.0.0.0', port: 0, fetch: () => new Response() });
  try {
    const port = outside.port ?? 0;
    await expect('worker', ownAddress(), port, true);
    for (const store of Object.keys(stores)) await expect(store, ownAddress(), port, false);
  } finally {
    await outside.stop(true);
  }
}

/** An address of this machine that is no container network's. */
function ownAddress(): string {
  const all = Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) =>
    addresses.map((one) => ({ ...one, name })),
  );
  const own = all.find(
    ({ family, internal, name }) =>
      family === 'IPv4' && !internal && !/^(podman|docker|br-|veth|cni)/.test(name),
  );
  if (!own) throw new Error('This machine has no address of its own');
  return own.address;
}
