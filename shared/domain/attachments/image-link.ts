import type { Context } from '@insightdesk/shared/context';
import { type Id, idSchema } from '@insightdesk/shared/contract';
import { ForbiddenError } from '@insightdesk/shared/errors';
import { z } from 'zod';
import { type ImageRequest, imageRequest } from './image-request.ts';

const PURPOSE = 'image-link';

/** Whose picture, and how it is wanted. */
export interface ImageLink {
  tenantId: Id<'org'>;
  id: Id<'att'>;
  request: ImageRequest;
  isForSaving: boolean;
  expiresAt: Date;
}

/** What stands behind the `?` of a link, the signature aside. */
const parameters = z.strictObject({
  organization: idSchema('org'),
  w: z.coerce.number().optional(),
  h: z.coerce.number().optional(),
  fit: z.string(),
  format: z.string(),
  quality: z.coerce.number(),
  save: z.literal('1').optional(),
  expires: z.coerce.number().int(),
});

/** The address at which a picture is made; every parameter of it is signed. */
export function signImageLink({ sealer, settings }: Context, link: ImageLink): string {
  const { tenantId, id, request, isForSaving, expiresAt } = link;
  const { width, height, ...rest } = request;
  const given = {
    organization: tenantId,
    ...(width && { w: width }),
    ...(height && { h: height }),
    ...rest,
    ...(isForSaving && { save: 1 }),
    expires: Math.floor(expiresAt.getTime() / 1000),
  };
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(given)) query.set(name, String(value));
  const [, ...signature] = sealer.seal(PURPOSE, [subjectOf(id, query)]).split('.');
  query.set('signature', signature.join('.'));
  return `${settings.filesUrl}/files/images/${id}?${query}`;
}

/**
 * What a request asks for. Throws ForbiddenError with the code SIGNATURE_INVALID unless we signed
 * exactly this, SIGNATURE_EXPIRED when it was for long ago.
 */
export function readImageLink({ sealer }: Context, id: string, query: URLSearchParams): ImageLink {
  const signed = new URLSearchParams(query);
  signed.delete('signature');
  const subject = subjectOf(id, signed);
  const token = `${Buffer.from(subject).toString('base64url')}.${query.get('signature') ?? ''}`;
  const parsed = parameters.safeParse(Object.fromEntries(signed));
  if (sealer.open(PURPOSE, token) === undefined || !parsed.success) throw forged();
  const { organization, w, h, save, expires, ...rest } = parsed.data;
  const request = imageRequest.safeParse({ ...rest, width: w, height: h });
  if (!request.success) throw forged();
  const expiresAt = new Date(expires * 1000);
  if (expiresAt.getTime() < Date.now()) throw expired();
  const isForSaving = save !== undefined;
  return {
    tenantId: organization,
    id: id as Id<'att'>,
    request: request.data,
    isForSaving,
    expiresAt,
  };
}

/** Their order does not matter, each of them does. */
function subjectOf(id: string, query: URLSearchParams): string {
  return JSON.stringify([id, [...query].sort(([a], [b]) => (a < b ? -1 : Number(a > b)))]);
}

const forged = () =>
  new ForbiddenError('This link is not one of ours', { code: 'SIGNATURE_INVALID' });
const expired = () => new ForbiddenError('This link has expired', { code: 'SIGNATURE_EXPIRED' });
