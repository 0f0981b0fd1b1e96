import { type Context, readTenant, type TenantContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { mergeContacts } from '@insightdesk/shared/domain/desk/contact-merge';
import { type ContactRow, findContact } from '@insightdesk/shared/domain/desk/contacts';
import { AppError } from '@insightdesk/shared/errors';

/** The anonymous visitor of the organization who calls; an ended session counts as none. */
export async function findVisitor(
  ctx: Context,
  tenantId: Id<'org'>,
): Promise<Id<'usr'> | undefined> {
  const { actor } = ctx;
  if (actor.kind !== 'user' || actor.role !== 'customer' || ctx.tenantId !== tenantId) return;
  try {
    const contact = await readTenant(ctx, (tenant) => findContact(tenant, actor.userId));
    return isVisitor(contact) ? contact.id : undefined;
  } catch (error) {
    if (error instanceof AppError && (error.status === 401 || error.status === 403)) return;
    throw error;
  }
}

/** Anonymous visitors only: a user who is signed in as one contact never becomes another one. */
const isVisitor = (contact: ContactRow | undefined): contact is ContactRow =>
  contact?.isAnonymous === true && !contact.mergedInto && !contact.removedAt;

/** The visitor's conversations become the contact's, and its sessions end. */
export async function mergeVisitor(
  ctx: TenantContext,
  visitorId: Id<'usr'> | undefined,
  targetId: Id<'usr'>,
): Promise<void> {
  if (!visitorId || visitorId === targetId || !isVisitor(await findContact(ctx, visitorId))) return;
  try {
    await mergeContacts(ctx, { sourceId: visitorId, targetId, reason: 'visitor-identified' });
  } catch (error) {
    // Another sign-in of the same visitor was faster; nothing was written yet.
    if (!(error instanceof AppError && error.code === 'CONTACT_MERGED')) throw error;
  }
}
