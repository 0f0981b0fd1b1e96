import type { Context } from '@insightdesk/shared/context';
import { ForbiddenError } from '@insightdesk/shared/errors';
import { z } from 'zod';

type Signing = Pick<Context, 'security'>;

/** What a URL identifies and for which purpose; the signature is valid for nothing else. */
interface Subject {
  purpose: string;
  path: string;
}

/** The parameter of every signed query: its expiry in Unix seconds. */
export const expiresParameter = z.coerce.number().int();

/** Builds a query in which every parameter is signed. */
export function signQuery(
  { security: { tokenCodec } }: Signing,
  { purpose, path }: Subject,
  parameters: Record<string, string | number> & { expires: number },
): URLSearchParams {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) query.set(name, String(value));
  const [, ...signature] = tokenCodec.encode(purpose, [canonicalText(path, query)]).split('.');
  query.set('signature', signature.join('.'));
  return query;
}

/**
 * Verifies and parses a query. Throws ForbiddenError SIGNATURE_INVALID unless exactly this query was
 * signed, SIGNATURE_EXPIRED when it has expired.
 */
export function readSignedQuery<T extends { expires: number }>(
  { security: { tokenCodec } }: Signing,
  { purpose, path }: Subject,
  query: URLSearchParams,
  schema: z.ZodType<T>,
): T & { expiresAt: Date } {
  const signed = new URLSearchParams(query);
  signed.delete('signature');
  const text = Buffer.from(canonicalText(path, signed)).toString('base64url');
  const isValid =
    tokenCodec.decode(purpose, `${text}.${query.get('signature') ?? ''}`) !== undefined;
  const parsed = schema.safeParse(Object.fromEntries(signed));
  if (!isValid || !parsed.success) throw invalidSignature();
  const expiresAt = new Date(parsed.data.expires * 1000);
  if (expiresAt.getTime() < Date.now()) {
    throw new ForbiddenError('The link has expired', { code: 'SIGNATURE_EXPIRED' });
  }
  return { ...parsed.data, expiresAt };
}

export const invalidSignature = () =>
  new ForbiddenError('The signature of the link is not valid', { code: 'SIGNATURE_INVALID' });

/** Path and sorted parameters: their order in the URL does not matter. */
function canonicalText(path: string, query: URLSearchParams): string {
  return JSON.stringify([path, [...query].sort(([a], [b]) => (a < b ? -1 : Number(a > b)))]);
}
