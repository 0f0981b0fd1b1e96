import type { Id } from '@insightdesk/shared/contract';
import type { AuditedActor } from './tables.ts';

/** Everything that an entry says. */
export interface AuditContent {
  tenantId: Id<'org'>;
  sequence: number;
  eventId: Id<'evt'>;
  action: string;
  actor: AuditedActor;
  details: Record<string, unknown>;
  ip: string | null;
  userAgent: string | null;
  requestId: string;
  /** ISO 8601, UTC. */
  at: string;
}

/** What the first entry of every organisation follows on. */
export const GENESIS = '0'.repeat(64);

/** The link that an entry makes: SHA-256 in hex over the previous one and the entry. */
export function linkOf(previousHash: string, content: AuditContent): string {
  const text = `${previousHash}\n${canonical(content)}`;
  return new Bun.CryptoHasher('sha256').update(text).digest('hex');
}

/** JSON with the names of each object in order, so that the same content is the same text. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null);
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  const pairs = entries
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, inner]) => `${JSON.stringify(name)}:${canonical(inner)}`);
  return `{${pairs.join(',')}}`;
}
