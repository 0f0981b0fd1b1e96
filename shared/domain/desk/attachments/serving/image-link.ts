import type { Context } from '@insightdesk/shared/context';
import { type Id, idSchema } from '@insightdesk/shared/contract';
import type { ImageTransform } from '@insightdesk/shared/media';
import { z } from 'zod';
import { expiresParameter, invalidSignature, readSignedQuery, signQuery } from './signed-query.ts';

const lengths = [16, 32, 48, 64, 96, 128, 160, 240, 320, 480, 640, 800, 960, 1280, 1600, 2048];
const MAX_LENGTH = 2048;
const length = z.literal(lengths).optional();

/** The images that can be requested: few combinations, so that cached images are reused. */
export const imageRequest = z
  .strictObject({
    width: length.describe('Maximum width in pixels; images are never enlarged'),
    height: length.describe('Maximum height in pixels'),
    fit: z.enum(['inside', 'cover', 'contain']).default('inside'),
    format: z.enum(['webp', 'jpeg', 'png', 'avif']).default('webp'),
    quality: z.literal([40, 60, 75, 90]).default(75).describe('Ignored for PNG'),
  })
  .meta({ id: 'ImageRequest' });

type ImageRequest = z.output<typeof imageRequest>;

export function toTransform({ width, height, fit, format, quality }: ImageRequest): ImageTransform {
  const hasBoth = width !== undefined && height !== undefined;
  return {
    width: width ?? MAX_LENGTH,
    height: height ?? MAX_LENGTH,
    fit: hasBoth ? fit : 'inside',
    format,
    ...(format !== 'png' && { quality }),
  };
}

/** The name of the cached file; equal for requests that render the same image. */
export function imageFileName(request: ImageRequest): string {
  const { width, height, fit, format, quality } = toTransform(request);
  return `${width}x${height}-${fit}${quality === undefined ? '' : `-q${quality}`}.${format}`;
}

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
