import type { Context } from '@insightdesk/shared/context';
import { type Id, idSchema } from '@insightdesk/shared/contract';
import { z } from 'zod';
import { expires, readSignedQuery, signQuery } from './signed-query.ts';

/** A playlist of a film, or a file that one names. */
export interface VideoLink {
  tenantId: Id<'org'>;
  id: Id<'att'>;
  /** Its name with an ending, which some players look at. */
  file: string;
  /** Named by a playlist: what it names itself ends when it does. */
  isReferenced: boolean;
  expiresAt: Date;
}

const parameters = z.strictObject({
  organization: idSchema('org'),
  named: z.literal('1').optional(),
  expires,
});

const subjectOf = (id: string, file: string) => ({ purpose: 'film-link', path: `${id}/${file}` });

/** The signed address of one, relative to the film's others. */
export function signVideoFile(ctx: Pick<Context, 'security'>, link: VideoLink): string {
  const { tenantId, id, file, isReferenced, expiresAt } = link;
  const query = signQuery(ctx, subjectOf(id, file), {
    organization: tenantId,
    ...(isReferenced && { named: 1 }),
    expires: Math.floor(expiresAt.getTime() / 1000),
  });
  return `${file}?${query}`;
}

/** The same, from anywhere. */
export const signVideoLink = (ctx: Context, link: VideoLink): string =>
  `${ctx.settings.filesUrl}/files/videos/${link.id}/${signVideoFile(ctx, link)}`;

/** What a request asks for; throws as `readSignedQuery`. */
export function readVideoLink(
  ctx: Pick<Context, 'security'>,
  { id, file, query }: { id: string; file: string; query: URLSearchParams },
): VideoLink {
  const read = readSignedQuery(ctx, subjectOf(id, file), query, parameters);
  const { organization: tenantId, named, expiresAt } = read;
  return { tenantId, id: id as Id<'att'>, file, isReferenced: named !== undefined, expiresAt };
}
