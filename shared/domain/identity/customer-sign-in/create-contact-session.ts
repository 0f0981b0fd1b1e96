import { defineAction } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { contactEvents, requireActiveContact } from '@insightdesk/shared/domain/desk/contacts';
import { signedInView } from '@insightdesk/shared/domain/identity/users';
import { requireEnabledOrganization } from '@insightdesk/shared/domain/tenancy/tenants';
import { record } from '@insightdesk/shared/events';
import { z } from 'zod';
import { CustomerSignInErrors } from './errors.ts';
import { signInContact } from './sign-in-contact.ts';

/** For servers that sign their users in themselves. Throws 404 for staff, and 409 for a blocked contact. */
export const createContactSession = defineAction({
  summary: 'Create a session of a contact',
  input: z.strictObject({ id: idSchema('usr') }),
  output: signedInView,
  allow: 'contacts:act',
  transaction: 'write',
  async run(ctx, { id }) {
    const contact = await requireActiveContact(ctx, id);
    if (ctx.actor.kind !== 'apiKey') throw CustomerSignInErrors.ApiKeyRequired();
    const organization = await requireEnabledOrganization(ctx);
    const action = 'session.created' as const;
    await record(ctx, contactEvents.contactActedFor, { contactId: contact.id, action });
    return signInContact(ctx, { contactId: contact.id, organization });
  },
});
