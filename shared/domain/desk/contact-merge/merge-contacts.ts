import { defineAction, isMember, type TenantContext } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { matches } from '@insightdesk/shared/database';
import {
  addMissingProperties,
  ContactErrors,
  type ContactRow,
  contactAddresses,
  contactById,
  contactMerges,
  contacts,
  contactView,
  recordContactUpdated,
  requireContact,
  toContact,
} from '@insightdesk/shared/domain/desk/contacts';
import { members, revokeSessions } from '@insightdesk/shared/domain/identity/users';
import { record } from '@insightdesk/shared/events';
import { and, eq, inArray, or, sql } from 'drizzle-orm';
import { z } from 'zod';
import { MergeErrors } from './errors.ts';
import { contactMerged, type mergeReasons } from './events.ts';
import { type MergePair, moveConversationBatch } from './move-conversations.ts';

export interface Merge extends MergePair {
  reason: (typeof mergeReasons)[number];
}

/**
 * Merges one contact into another one: conversations, addresses, properties and external id. The source
 * remains as the author of its messages; its sessions end. Throws 409 when it has an account.
 */
export const mergeContact = defineAction({
  summary: 'Merge a contact into this one',
  input: z.strictObject({
    id: idSchema('usr'),
    sourceId: idSchema('usr').describe('The contact that is merged into this one and disappears'),
  }),
  output: contactView,
  allow: 'contacts:manage',
  transaction: 'write',
  run: (ctx, { id: targetId, sourceId }) =>
    mergeContacts(ctx, { sourceId, targetId, reason: 'manual' }),
});

/** Merges contacts of the organization without a permission check; returns the view of the target. */
export async function mergeContacts(ctx: TenantContext, { sourceId, targetId, reason }: Merge) {
  const { tx, tenantId, actor } = ctx;
  if (sourceId === targetId) throw MergeErrors.SameContact();
  const { source, target } = await lockContacts(ctx, { sourceId, targetId });
  await revokeSessions(ctx, { userId: sourceId });
  await tx
    .update(members)
    .set({ removedAt: sql`coalesce(${members.removedAt}, now())` })
    .where(matches(members, { tenantId, userId: sourceId }));
  // One statement for each table: the unique indexes allow no identity on both contacts.
  await tx
    .update(contacts)
    .set({
      mergedInto: targetId,
      externalId: target.externalId === null ? null : source.externalId,
    })
    .where(
      and(
        eq(contacts.tenantId, tenantId),
        or(eq(contacts.userId, sourceId), eq(contacts.mergedInto, sourceId)),
      ),
    );
  await moveAddresses(ctx, { sourceId, targetId });
  await tx.update(contacts).set(mergedValues(source, target)).where(contactById(ctx, targetId));
  const conversationCount = await moveConversationBatch(ctx, { sourceId, targetId });
  await tx.insert(contactMerges).values({
    tenantId,
    sourceId,
    targetId,
    mergedBy: isMember(actor) && reason === 'manual' ? actor.userId : null,
    reason,
    source: toContact(source),
    conversationCount,
  });
  await record(ctx, contactMerged, { sourceId, targetId, reason, conversationCount });
  return recordContactUpdated(ctx, targetId);
}

/** Locks both in one order, so that two merges of the same contacts do not deadlock. */
async function lockContacts(ctx: TenantContext, { sourceId, targetId }: MergePair) {
  const { tx, tenantId } = ctx;
  await tx
    .select({ id: contacts.userId })
    .from(contacts)
    .where(and(eq(contacts.tenantId, tenantId), inArray(contacts.userId, [sourceId, targetId])))
    .orderBy(contacts.userId)
    .for('update');
  const source = await requireContact(ctx, sourceId);
  const target = await requireContact(ctx, targetId);
  if (source.mergedInto || target.mergedInto) throw MergeErrors.AlreadyMerged();
  if (source.blockedAt || target.removedAt) throw ContactErrors.Blocked();
  if (source.hasLogin) throw MergeErrors.SourceHasLogin();
  return { source, target };
}

/** What the target lacks comes from the source. */
const mergedValues = (source: ContactRow, target: ContactRow) => ({
  externalId: target.externalId ?? source.externalId,
  timeZone: target.timeZone ?? source.timeZone,
  language: target.language ?? source.language,
  companyId: target.companyId ?? source.companyId,
  properties: addMissingProperties(target.properties, source.properties),
});

async function moveAddresses(ctx: TenantContext, { sourceId, targetId }: MergePair) {
  const { tx, tenantId } = ctx;
  const moved = await tx
    .delete(contactAddresses)
    .where(matches(contactAddresses, { tenantId, contactId: sourceId }))
    .returning();
  for (const { address, verifiedAt, isIdentity } of moved) {
    await tx
      .insert(contactAddresses)
      .values({ tenantId, contactId: targetId, address, verifiedAt, isIdentity })
      .onConflictDoUpdate({
        target: [contactAddresses.tenantId, contactAddresses.contactId, contactAddresses.address],
        set: {
          verifiedAt: sql`coalesce(${contactAddresses.verifiedAt}, excluded.verified_at)`,
          isIdentity: sql`${contactAddresses.isIdentity} or excluded.is_identity`,
        },
      });
  }
}
