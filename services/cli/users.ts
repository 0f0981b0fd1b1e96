import type { Context } from '@insightdesk/shared/context';
import { type Id, isId } from '@insightdesk/shared/contract';
import {
  listMemberships,
  resetTwoFactor,
  revokeUserSessions,
  searchUsers,
  verifyUserEmail,
} from '@insightdesk/shared/domain/identity/users';
import { operatorContext, recordAct, runAsOperator } from './operator.ts';

const USAGE = `Usage: desk users find <address, name or id>
       desk users verify <user id>             mark its email address as verified
       desk users reset-two-factor <user id>   delete a lost second factor and end its sessions
       desk users end-sessions <user id>`;

const MAX_SHOWN = 50;

type Verb = (ctx: Context, userId: Id<'usr'>) => Promise<string>;

const verbs: Record<string, Verb> = {
  verify: async (ctx, userId) =>
    (await verifyUserEmail(ctx, userId)) ? 'is verified' : 'was already verified',
  'reset-two-factor': async (ctx, userId) =>
    `has no second factor; ${await resetTwoFactor(ctx, userId)} sessions ended`,
  'end-sessions': async (ctx, userId) => `${await revokeUserSessions(ctx, userId)} sessions ended`,
};

/** Finds users, or changes the account of one: address, second factor, sessions. */
export async function manageUsers([name = '', word = '', ...rest]: string[]): Promise<number> {
  const verb = Object.hasOwn(verbs, name) ? verbs[name] : undefined;
  if (name === 'find' && word && rest.length === 0) return findUsers(word);
  if (!verb || !isId('usr', word) || rest.length > 0) {
    console.error(USAGE);
    return 2;
  }
  const result = await runAsOperator(async (app) => {
    const ctx = operatorContext(app, undefined);
    const [user] = await searchUsers(ctx, { text: word, limit: 1 });
    if (!user) throw new Error('User not found');
    await recordAct(app, `users ${name}`, word);
    return verb(ctx, word);
  });
  console.log(`${word} ${result}`);
  return 0;
}

async function findUsers(text: string): Promise<number> {
  return runAsOperator(async (app) => {
    const ctx = operatorContext(app, undefined);
    const found = await searchUsers(ctx, { text, limit: MAX_SHOWN });
    for (const { id, email, emailVerifiedAt, name } of found) {
      console.log(`${id}  ${email}${emailVerifiedAt ? '' : ' (unverified)'}  ${name}`);
      for (const { id: tenantId, role, name } of await listMemberships(ctx, id)) {
        console.log(`  ${tenantId}  ${role}  ${name}`);
      }
    }
    if (found.length === MAX_SHOWN) console.error(`Only the first ${MAX_SHOWN} are shown`);
    return found.length > 0 ? 0 : 1;
  });
}
