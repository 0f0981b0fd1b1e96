import type { Context } from '@insightdesk/shared/context';
import { type Id, idSchema } from '@insightdesk/shared/contract';
import { z } from 'zod';
import { expires, readSignedQuery, signQuery } from './signed-query.ts';

/** A playlist of a film, or a file that one names. */
export interface FilmLink {
  tenantId: Id<'org'>;
  id: Id<'att'>;
  /** Its name with an ending, which some players look at. */
  file: string;
  /** Named by a playlist: what it names itself ends when it does. */
  isNamed: boolean;
  expiresAt: Date;
}

const parameters = z.strictObject({
  organization: idSchema('org'),
  named: z.literal('1').optional(),
  expires,
});

const subjectOf = (id: string, file: string) => ({ purpose: 'film-link', path: `${id}/${file}` });

/** The signed address of one, relative to the film's others. */
export function signFilmFile(ctx: Pick<Context, 'sealer'>, link: FilmLink): string {
  const { tenantId, id, file, isNamed, expiresAt } = link;
  const query = signQuery(ctx, subjectOf(id, file), {
    organization: tenantId,
    ...(isNamed && { named: 1 }),
    expires: Math.floor(expiresAt.getTime() / 1000),
  });
  return `${file}?${query}`;
}

/** The same, from anywhere. */
export const signFilmLink = (ctx: Context, link: FilmLink): string =>
  `${ctx.settings.filesUrl}/files/films/${link.id}/${signFilmFile(ctx, link)}`;

/** What a request asks for; throws as `readSignedQuery`. */
export function readFilmLink(
  ctx: Pick<Context, 'sealer'>,
  { id, file, query }: { id: string; file: string; query: URLSearchParams },
): FilmLink {
  const read = readSignedQuery(ctx, subjectOf(id, file), query, parameters);
  const { organization: tenantId, named, expiresAt } = read;
  return { tenantId, id: id as Id<'att'>, file, isNamed: named !== undefined, expiresAt };
}
