import { defineAction, email } from '@insightdesk/shared/context';
import { idSchema, roles } from '@insightdesk/shared/contract';
import { organizations } from '@insightdesk/shared/domain/tenants';
import { record } from '@insightdesk/shared/events';
import { addDays, newId } from '@insightdesk/shared/utils';
import { eq } from 'drizzle-orm';
import { z } from 'zod';
import { UserErrors } from './errors.ts';
import { invitationCreated } from './events.ts';
import { mayOffer } from './may-offer.ts';
import { findMemberByEmail } from './members.ts';
import { invitations, users } from './tables.ts';

const VALID_DAYS = 7;

/** Invites a person by e-mail; a second invitation to the same address replaces the first. */
export const invite = defineAction({
  summary: 'Invite somebody by e-mail',
  input: z.strictObject({ email: email(), role: z.enum(roles) }),
  output: z.object({ id: idSchema('inv'), expiresAt: z.iso.datetime() }),
  allow: 'customers:invite',
  transaction: 'write',
  async run(ctx, input) {
    const { tx, tenantId, actor } = ctx;
    if (!mayOffer(actor, input.role)) throw UserErrors.MayNotOffer();
    if (await findMemberByEmail(ctx, input.email)) throw UserErrors.AlreadyMember();
    const fresh = {
      id: newId('inv'),
      role: input.role,
      invitedBy: actor.userId,
      expiresAt: addDays(new Date(), VALID_DAYS),
      acceptedAt: null,
    };
    await tx
      .insert(invitations)
      .values({ tenantId, email: input.email, ...fresh })
      .onConflictDoUpdate({ target: [invitations.tenantId, invitations.email], set: fresh });
    const [names] = await tx
      .select({ organizationName: organizations.name, inviterName: users.name })
      .from(organizations)
      .innerJoin(users, eq(users.id, actor.userId))
      .where(eq(organizations.id, tenantId));
    if (!names) throw UserErrors.NotFound();
    await record(ctx, invitationCreated, { invitationId: fresh.id, ...input, ...names });
    return { id: fresh.id, expiresAt: fresh.expiresAt.toISOString() };
  },
});
