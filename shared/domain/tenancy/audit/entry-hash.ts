import type { Id } from '@insightdesk/shared/contract';
import type { AuditedActor } from './tables.ts';

export interface AuditEntryContent {
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

/** The previous hash of the first entry. */
export const GENESIS = '0'.repeat(64);

/** SHA-256 in hex over the previous hash and the entry. */
export function entryHash(previousHash: string, content: AuditEntryContent): string {
  const text = `${previousHash}\n${canonicalJson(content)}`;
  return new Bun.CryptoHasher('sha256').update(text).digest('hex');
}

/** JSON with sorted property names, so that equal content gives equal text. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null);
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  const pairs = entries
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, inner]) => `${JSON.stringify(name)}:${canonicalJson(inner)}`);
  return `{${pairs.join(',')}}`;
}
