import type { Context } from '@insightdesk/shared/context';
import { type Id, idSchema } from '@insightdesk/shared/contract';
import { z } from 'zod';
import { expiresParameter, readSignedQuery, signQuery } from './signed-query.ts';

/** A playlist of a video, or a file that a playlist references. */
export interface VideoLink {
  tenantId: Id<'org'>;
  id: Id<'att'>;
  /** File name with extension, which some players require. */
  file: string;
  /** Referenced by a playlist: links inside it expire when it does. */
  isReferenced: boolean;
  expiresAt: Date;
}

const parameters = z.strictObject({
  organization: idSchema('org'),
  named: z.literal('1').optional(),
  expires: expiresParameter,
});

const subjectOf = (id: string, file: string) => ({ purpose: 'video-link', path: `${id}/${file}` });

/** The signed URL of a file, relative to the other files of the video. */
export function signVideoFile(ctx: Pick<Context, 'security'>, link: VideoLink): string {
  const { tenantId, id, file, isReferenced, expiresAt } = link;
  const query = signQuery(ctx, subjectOf(id, file), {
    organization: tenantId,
    ...(isReferenced && { named: 1 }),
    expires: Math.floor(expiresAt.getTime() / 1000),
  });
  return `${file}?${query}`;
}

export const signVideoLink = (ctx: Context, link: VideoLink): string =>
  `${ctx.settings.filesUrl}/files/videos/${link.id}/${signVideoFile(ctx, link)}`;

/** Reads the query of a video URL; throws as `readSignedQuery`. */
export function readVideoLink(
  ctx: Pick<Context, 'security'>,
  { id, file, query }: { id: string; file: string; query: URLSearchParams },
): VideoLink {
  const read = readSignedQuery(ctx, subjectOf(id, file), query, parameters);
  const { organization: tenantId, named, expiresAt } = read;
  return { tenantId, id: id as Id<'att'>, file, isReferenced: named !== undefined, expiresAt };
}
