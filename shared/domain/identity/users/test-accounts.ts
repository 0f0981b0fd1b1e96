import type { Context } from '@insightdesk/shared/context';
import type { Id, Role } from '@insightdesk/shared/contract';
import { createTestContext, signedIn, verifyAddress } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { and, desc, eq } from 'drizzle-orm';
import { emailLinkToken } from './accounts/email-links.ts';
import { setPassword } from './accounts/set-password.ts';
import { acceptInvitation, createInvitationToken, inviteMember, register } from './index.ts';
import { emailLinks } from './accounts/tables.ts';

export const password = 'correct horse battery';
export const address = () => `${newId('usr')}@example.com`;
export const refused = (status: number, code: string) => ({ status, code });

/** Replaces a password by its hash, whoever it is. */
export const givePassword = (ctx: Context, userId: Id<'usr'>, hash: string) =>
  ctx.database.write({}, (tx) => setPassword({ ...ctx, tx, tenantId: newId('org') }, userId, hash));

/** What tests of accounts do again and again. */
export function openTestAccounts() {
  const { context, close } = createTestContext();

  async function registered(email = address(), chosen = password) {
    const person = { email, password: chosen, name: 'Somebody', organizationName: 'Somewhere' };
    const founded = await register(context, person);
    return { ...founded, email, ctx: await signedIn(context, founded.accessToken) };
  }

  async function verified() {
    const person = await registered();
    await verifyAddress(context, person.user.id);
    return person;
  }

  /** The newest link of this kind for an address. */
  async function linkOf(purpose: 'verify' | 'change' | 'reset', email: string) {
    const [link] = await context.database.read({}, (tx) =>
      tx
        .select()
        .from(emailLinks)
        .where(and(eq(emailLinks.purpose, purpose), eq(emailLinks.email, email)))
        .orderBy(desc(emailLinks.id))
        .limit(1)
        .execute(),
    );
    if (!link) throw new Error(`No ${purpose} link for ${email}`);
    return { ...link, token: emailLinkToken(context, link) };
  }

  async function invited(by: Context, email: string, role: Role = 'agent') {
    const { id } = await inviteMember(by, { email, role });
    return { id, token: createInvitationToken(context, by.tenantId ?? newId('org'), id) };
  }

  const accept = (token: string, chosen = password) =>
    acceptInvitation(context, { token, name: 'Guest', password: chosen });

  return { context, close, registered, verified, linkOf, invited, accept };
}
