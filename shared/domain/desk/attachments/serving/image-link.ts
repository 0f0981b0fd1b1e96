import type { Context } from '@insightdesk/shared/context';
import { type Id, idSchema } from '@insightdesk/shared/contract';
import { z } from 'zod';
import { type ImageRequest, imageRequest } from './image-request.ts';
import { expiresParameter, invalidSignature, readSignedQuery, signQuery } from './signed-query.ts';

/** What the URL of a rendered image identifies. */
export interface ImageLink {
  tenantId: Id<'org'>;
  id: Id<'att'>;
  request: ImageRequest;
  isDownload: boolean;
  expiresAt: Date;
}

const parameters = z.strictObject({
  organization: idSchema('org'),
  w: z.coerce.number().optional(),
  h: z.coerce.number().optional(),
  fit: z.string(),
  format: z.string(),
  quality: z.coerce.number(),
  save: z.literal('1').optional(),
  expires: expiresParameter,
});

const subjectOf = (path: string) => ({ purpose: 'image-link', path });

/** The URL that renders an image; all of its parameters are signed. */
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

/** Reads the query of an image URL; throws as `readSignedQuery`. */
export function readImageLink(ctx: Context, id: string, query: URLSearchParams): ImageLink {
  const read = readSignedQuery(ctx, subjectOf(id), query, parameters);
  const { organization: tenantId, w: width, h: height, fit, format, quality } = read;
  const request = imageRequest.safeParse({ width, height, fit, format, quality });
  if (!request.success) throw invalidSignature();
  const { save, expiresAt } = read;
  const isDownload = save !== undefined;
  return { tenantId, id: id as Id<'att'>, request: request.data, isDownload, expiresAt };
}
