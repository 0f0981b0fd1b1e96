import { defineAction } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { decodeCursor, matches, pageInput, pageSchema, toPage } from '@insightdesk/shared/database';
import {
  ContactErrors,
  contactMerges,
  findContact,
} from '@insightdesk/shared/domain/desk/contacts';
import { and, desc, lt } from 'drizzle-orm';
import { z } from 'zod';
import { mergeReasons } from './events.ts';

const mergeView = z
  .object({
    sourceId: idSchema('usr'),
    name: z.string().describe('The name of the source before the merge'),
    reason: z.enum(mergeReasons),
    mergedBy: idSchema('usr').nullable(),
    conversationCount: z.int(),
    at: z.iso.datetime(),
  })
  .meta({ id: 'ContactMerge' });

/** The contacts that were merged into a contact, the newest first. */
export const listMerges = defineAction({
  summary: 'List the merges of a contact',
  input: z.strictObject({ id: idSchema('usr'), ...pageInput }),
  output: pageSchema(mergeView),
  allow: 'contacts:read',
  transaction: 'read',
  async run(ctx, { id, limit, cursor }) {
    const { tx, tenantId } = ctx;
    const before = decodeCursor(cursor, idSchema('usr'));
    const [contact, rows] = await Promise.all([
      findContact(ctx, id),
      tx
        .select()
        .from(contactMerges)
        .where(
          and(
            matches(contactMerges, { tenantId, targetId: id }),
            before && lt(contactMerges.sourceId, before),
          ),
        )
        .orderBy(desc(contactMerges.sourceId))
        .limit(limit + 1)
        .execute(),
    ]);
    if (!contact) throw ContactErrors.NotFound();
    return toPage(
      rows,
      limit,
      ({ sourceId }) => sourceId,
      (row) => ({
        sourceId: row.sourceId,
        name: (row.source as { name: string }).name,
        reason: row.reason,
        mergedBy: row.mergedBy,
        conversationCount: row.conversationCount,
        at: row.createdAt.toISOString(),
      }),
    );
  },
});
