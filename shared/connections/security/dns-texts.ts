import { Resolver } from 'node:dns/promises';

/** What the owner of a name has published under it; none where nothing answers in time. */
export type DnsTexts = (name: string) => Promise<readonly string[]>;

/** Looks up TXT records, within `timeoutMs`; `servers` are addresses with ports, else the system's. */
export function createDnsTexts({
  servers,
  timeoutMs = 3_000,
}: {
  servers?: readonly string[];
  timeoutMs?: number;
} = {}): DnsTexts {
  return async (name) => {
    const resolver = new Resolver({ timeout: timeoutMs, tries: 1 });
    if (servers) resolver.setServers(servers);
    const late = setTimeout(() => resolver.cancel(), timeoutMs);
    try {
      return (await resolver.resolveTxt(name)).map((parts) => parts.join(''));
    } catch {
      return [];
    } finally {
      clearTimeout(late);
    }
  };
}
