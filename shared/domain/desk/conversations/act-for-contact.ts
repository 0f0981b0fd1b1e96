import { type MemberTenantContext, requireCan } from '@insightdesk/shared/context';
import { type Id, idSchema } from '@insightdesk/shared/contract';
import {
  type ContactReference,
  contactEvents,
  requireActiveContact,
  resolveContact,
} from '@insightdesk/shared/domain/desk/contacts';
import { ForbiddenError } from '@insightdesk/shared/errors';
import { record } from '@insightdesk/shared/events';
import { ConversationErrors } from './errors.ts';
import type { Named } from './people.ts';

/** The contact that an API key writes as. */
export const actsAs = {
  contactId: idSchema('usr')
    .optional()
    .describe('API keys with `contacts:act` only: write as the customer of the conversation'),
};

/** The customer of a new conversation, and the author of its first message. */
interface Parties {
  customer: Party;
  author: Party;
}

interface Party {
  id: Id<'usr'>;
  named: Named;
}

const isActing = ({ actor }: MemberTenantContext) => actor.kind === 'apiKey';

/**
 * The caller itself without a reference. Otherwise the contact is the customer; an API key writes as
 * it, and a user as itself. Throws 403, 404 and 409 CONTACT_BLOCKED.
 */
export async function resolveParties(
  ctx: MemberTenantContext,
  reference: ContactReference,
  caller: Named,
): Promise<Parties> {
  const self = { id: ctx.actor.userId, named: caller };
  const contact = await resolveContact(ctx, reference);
  if (!contact) return { customer: self, author: self };
  const { id, name, role, avatarUrl } = contact;
  const customer: Party = { id, named: [name, role, avatarUrl] };
  return { customer, author: isActing(ctx) ? customer : self };
}

/** Throws 403 unless the caller may open a conversation for a contact; before anything is locked. */
export function requireMayOpenFor({ actor }: MemberTenantContext, reference: ContactReference) {
  if (reference.contactId === undefined && reference.contact === undefined) return;
  requireCan(actor, actor.kind === 'apiKey' ? 'contacts:act' : 'contacts:manage');
}

/** The contact that an API key writes as; throws 403, 404, 409 CONTACT_BLOCKED, and 422 for a note. */
export async function requireAuthor(
  ctx: MemberTenantContext,
  { contactId, kind }: { contactId: Id<'usr'>; kind: 'reply' | 'note' },
): Promise<Id<'usr'>> {
  if (!isActing(ctx)) throw new ForbiddenError('Only API keys write as a contact');
  requireCan(ctx.actor, 'contacts:act');
  if (kind === 'note') throw ConversationErrors.NoteOfContact();
  const { id } = await requireActiveContact(ctx, contactId);
  return id;
}

/** Audits that an API key wrote as a contact; a user who opens a conversation is its author itself. */
export async function recordActedFor(
  ctx: MemberTenantContext,
  contactId: Id<'usr'>,
  conversationId: Id<'cnv'>,
  action: 'conversation.opened' | 'message.sent',
): Promise<void> {
  if (!isActing(ctx)) return;
  await record(ctx, contactEvents.contactActedFor, { contactId, action, conversationId });
}
