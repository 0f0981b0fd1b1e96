import type { Context } from '@insightdesk/shared/context';
import { ForbiddenError } from '@insightdesk/shared/errors';
import { z } from 'zod';

type Seals = Pick<Context, 'security'>;

/** What an address leads to, and what for: good for nothing else. */
export interface Subject {
  purpose: string;
  path: string;
}

/** What every signed query says beside its own: when it ends, in seconds. */
export const expires = z.coerce.number().int();

/** The query of an address, every parameter of it signed. */
export function signQuery(
  { security: { tokenCodec } }: Seals,
  { purpose, path }: Subject,
  given: Record<string, string | number> & { expires: number },
): URLSearchParams {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(given)) query.set(name, String(value));
  const [, ...signature] = tokenCodec.seal(purpose, [textOf(path, query)]).split('.');
  query.set('signature', signature.join('.'));
  return query;
}

/**
 * What a query says. Throws ForbiddenError with the code SIGNATURE_INVALID unless we signed exactly
 * this, SIGNATURE_EXPIRED when it was for long ago.
 */
export function readSignedQuery<T extends { expires: number }>(
  { security: { tokenCodec } }: Seals,
  { purpose, path }: Subject,
  query: URLSearchParams,
  schema: z.ZodType<T>,
): T & { expiresAt: Date } {
  const signed = new URLSearchParams(query);
  signed.delete('signature');
  const text = Buffer.from(textOf(path, signed)).toString('base64url');
  const isOurs = tokenCodec.open(purpose, `${text}.${query.get('signature') ?? ''}`) !== undefined;
  const parsed = schema.safeParse(Object.fromEntries(signed));
  if (!isOurs || !parsed.success) throw invalidSignature();
  const expiresAt = new Date(parsed.data.expires * 1000);
  if (expiresAt.getTime() < Date.now()) {
    throw new ForbiddenError('This link has expired', { code: 'SIGNATURE_EXPIRED' });
  }
  return { ...parsed.data, expiresAt };
}

export const invalidSignature = () =>
  new ForbiddenError('This link is not one of ours', { code: 'SIGNATURE_INVALID' });

/** The order of parameters does not matter, each of them does. */
function textOf(path: string, query: URLSearchParams): string {
  return JSON.stringify([path, [...query].sort(([a], [b]) => (a < b ? -1 : Number(a > b)))]);
}
