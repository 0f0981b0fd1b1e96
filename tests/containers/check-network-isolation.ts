import { networkInterfaces } from 'node:os';

type Compose = (...args: string[]) => Promise<string>;

const TIMEOUT_SECONDS = 3;
type Ports = Readonly<Record<string, number>>;
const defaultPorts: Ports = { postgres: 5432, valkey: 6379, cache: 6379 };

/**
 * Checks that nginx cannot reach the stores and that stores cannot reach other machines, while allowed connections
 * work. Throws for the first connection that contradicts it.
 */
export async function checkNetworkIsolation(
  compose: Compose,
  stores = defaultPorts,
): Promise<void> {
  const isReachable = (from: string, host: string, port: number) =>
    compose(
      ...['exec', '-T', from, 'timeout', `${TIMEOUT_SECONDS}`],
      ...['bash', '-c', `exec 3<>/dev/tcp/${host}/${port}`],
    ).then(
      () => true,
      () => false,
    );
  const expectReachable = async (from: string, host: string, port: number, expected: boolean) => {
    if ((await isReachable(from, host, port)) === expected) return;
    throw new Error(`${from} ${expected ? 'cannot' : 'can'} reach ${host}:${port}`);
  };

  const otherMachine = Bun.serve({ hostname: '0.0.0.0', port: 0, fetch: () => new Response() });
  const otherPort = otherMachine.port ?? 0;
  try {
    await Promise.all([
      expectReachable('worker', hostAddress(), otherPort, true),
      ...Object.entries(stores).map(async ([store, port]) => {
        const output = await compose('exec', '-T', store, 'hostname', '-i');
        const [address] = output.trim().split(/\s/);
        if (!address) throw new Error(`${store} has no address`);
        await Promise.all([
          expectReachable('api-1', address, port, true),
          expectReachable('nginx', store, port, false),
          expectReachable('nginx', address, port, false),
          expectReachable(store, hostAddress(), otherPort, false),
        ]);
      }),
    ]);
  } finally {
    await otherMachine.stop(true);
  }
}

/** The address of this machine outside of container networks. */
function hostAddress(): string {
  const all = Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) =>
    addresses.map((address) => ({ ...address, name })),
  );
  const found = all.find(
    ({ family, internal, name }) =>
      family === 'IPv4' && !internal && !/^(podman|docker|br-|veth|cni)/.test(name),
  );
  if (!found) throw new Error('This machine has no IPv4 address outside of container networks');
  return found.address;
}
