import type { Context } from '@insightdesk/shared/context';
import { type Id, idSchema } from '@insightdesk/shared/contract';
import { z } from 'zod';
import { type ImageRequest, imageRequest } from './image-request.ts';
import { expires, invalidSignature, readSignedQuery, signQuery } from './signed-query.ts';

/** Whose picture, and how it is wanted. */
export interface ImageLink {
  tenantId: Id<'org'>;
  id: Id<'att'>;
  request: ImageRequest;
  isDownload: boolean;
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
  expires,
});

const subjectOf = (path: string) => ({ purpose: 'image-link', path });

/** The address at which a picture is made; every parameter of it is signed. */
export function signImageLink(ctx: Context, link: ImageLink): string {
  const { tenantId, id, request, isDownload, expiresAt } = link;
  const { width, height, ...rest } = request;
  const query = signQuery(ctx, subjectOf(id), {
    organization: tenantId,
    ...(width && { w: width }),
    ...(height && { h: height }),
    ...rest,
    ...(isDownload && { save: 1 }),
    expires: Math.floor(expiresAt.getTime() / 1000),
  });
  return `${ctx.settings.filesUrl}/files/images/${id}?${query}`;
}

/** What a request asks for; throws as `readSignedQuery`. */
export function readImageLink(ctx: Context, id: string, query: URLSearchParams): ImageLink {
  const read = readSignedQuery(ctx, subjectOf(id), query, parameters);
  const { organization: tenantId, w: width, h: height, fit, format, quality } = read;
  const request = imageRequest.safeParse({ width, height, fit, format, quality });
  if (!request.success) throw invalidSignature();
  const { save, expiresAt } = read;
  const isForSaving = save !== undefined;
  return { tenantId, id: id as Id<'att'>, request: request.data, isDownload, expiresAt };
}
