import type { Context } from '@insightdesk/shared/context';
import type { Id, Role } from '@insightdesk/shared/contract';
import {
  authenticatedContext,
  createTestContext,
  type EmailLinkPurpose,
  findEmailLink,
  verifyEmail,
} from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { setPassword } from './accounts/set-password.ts';
import { acceptInvitation, createInvitationToken, inviteMember, register } from './index.ts';

export const password = 'correct horse battery';
export const newAddress = () => `${newId('usr')}@example.com`;
export const problem = (status: number, code: string) => ({ status, code });

/** Replaces a user's password hash without any checks. */
export const setTestPassword = (ctx: Context, userId: Id<'usr'>, hash: string) =>
  ctx.database.write({ userId }, (tx) =>
    setPassword({ ...ctx, tx, tenantId: newId('org') }, userId, hash),
  );

/** Users, links and invitations for tests of accounts. */
export function createTestAccounts() {
  const { context, close } = createTestContext();

  async function registerUser(email = newAddress(), chosen = password) {
    const input = { email, password: chosen, name: 'Ada', organizationName: 'Acme' };
    const registered = await register(context, input);
    return {
      ...registered,
      email,
      ctx: await authenticatedContext(context, registered.accessToken),
    };
  }

  async function registerVerifiedUser() {
    const registered = await registerUser();
    await verifyEmail(context, registered.user.id);
    return registered;
  }

  const findLink = (purpose: EmailLinkPurpose, email: string) =>
    findEmailLink(context, purpose, email);

  async function createInvitation(inviter: Context, email: string, role: Role = 'agent') {
    const { id } = await inviteMember(inviter, { email, role });
    return { id, token: createInvitationToken(context, inviter.tenantId ?? newId('org'), id) };
  }

  const accept = (token: string, chosen = password) =>
    acceptInvitation(context, { token, name: 'Guest', password: chosen });

  return { context, close, registerUser, registerVerifiedUser, findLink, createInvitation, accept };
}
