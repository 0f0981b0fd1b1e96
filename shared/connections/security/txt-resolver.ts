import { Resolver } from 'node:dns/promises';

/** The TXT records of a name; none after a timeout or an error. */
export type ResolveTxt = (name: string) => Promise<readonly string[]>;

/** Resolves TXT records within `timeoutMs`; `servers` are addresses with ports, default those of the system. */
export function createTxtResolver({
  servers,
  timeoutMs = 3_000,
}: {
  servers?: readonly string[];
  timeoutMs?: number;
} = {}): ResolveTxt {
  return async (name) => {
    const resolver = new Resolver({ timeout: timeoutMs, tries: 1 });
    if (servers) resolver.setServers(servers);
    const timeout = setTimeout(() => resolver.cancel(), timeoutMs);
    try {
      return (await resolver.resolveTxt(name)).map((parts) => parts.join(''));
    } catch {
      return [];
    } finally {
      clearTimeout(timeout);
    }
  };
}
