import { type Context, defineAction } from '@insightdesk/shared/context';
import { fromUuid, type Id, idSchema } from '@insightdesk/shared/contract';
import { passkeys } from '@insightdesk/shared/domain/identity/mfa';
import {
  chooseOrganization,
  signedInView,
  signIn,
  toUser,
  users,
} from '@insightdesk/shared/domain/identity/users';
import { toOrganization } from '@insightdesk/shared/domain/tenancy/tenants';
import type { AuthenticationResponseJSON } from '@simplewebauthn/server';
import { and, eq, lt, or, sql } from 'drizzle-orm';
import { z } from 'zod';
import { decryptChallenge, consumeChallenge } from './challenge.ts';
import { PasskeyErrors } from './errors.ts';
import { relyingPartyId } from './relying-party.ts';
import type { PasskeyRow } from './view.ts';
import { loadWebauthn } from './load-webauthn.ts';
import { assertion, token } from './webauthn-fields.ts';

type Assertion = z.output<typeof assertion>;

/** Signs whoever has the passkey in; with the person verified by it, it is two factors by itself. */
export const signInWithPasskey = defineAction({
  summary: 'Sign in with a passkey',
  input: z.strictObject({ token, response: assertion, organizationId: idSchema('org').optional() }),
  output: signedInView,
  allow: 'anyone',
  async run(ctx, { token: given, response, organizationId }) {
    const challenge = decryptChallenge(ctx, given);
    const userId = ownerOf(response);
    const { user, passkey } = await find(ctx, userId, response.id);
    const counter = await verify(ctx, { response, passkey, challenge: challenge.challenge });
    await ctx.database.write({ userId }, async (tx) => {
      await consumeChallenge(tx, userId, challenge);
      const rises = lt(passkeys.counter, counter);
      const used = await tx
        .update(passkeys)
        .set({ counter, lastUsedAt: sql`now()` as unknown as Date })
        .where(
          and(
            eq(passkeys.userId, userId),
            eq(passkeys.id, passkey.id),
            counter === 0 ? or(rises, eq(passkeys.counter, 0)) : rises,
          ),
        )
        .returning({ id: passkeys.id });
      if (used.length === 0) throw PasskeyErrors.Refused();
    });
    const { organization, role } = await chooseOrganization(ctx, userId, organizationId);
    const subject = { tenantId: organization.id, userId, role };
    const pair = await signIn(ctx, subject, { by: 'passkey', passkeyId: passkey.id });
    return { user: toUser(user), organization: toOrganization(organization), ...pair };
  },
});

/** Whom the passkey was made for, as it says itself: it sees only that person's keys then. */
function ownerOf({ response }: Assertion): Id<'usr'> {
  const bytes = Buffer.from(response.userHandle, 'base64url');
  if (bytes.length !== 16) throw PasskeyErrors.Refused();
  return fromUuid('usr', bytes.toString('hex'));
}

async function find(ctx: Context, userId: Id<'usr'>, credentialId: string) {
  const [found] = await ctx.database.read({ userId }, (tx) =>
    tx
      .select({ passkey: passkeys, user: { id: users.id, email: users.email, name: users.name } })
      .from(passkeys)
      .innerJoin(users, eq(users.id, passkeys.userId))
      .where(and(eq(passkeys.userId, userId), eq(passkeys.credentialId, credentialId)))
      .execute(),
  );
  if (!found) throw PasskeyErrors.Refused();
  return found;
}

async function verify(
  ctx: Context,
  given: { response: Assertion; passkey: PasskeyRow; challenge: string },
): Promise<number> {
  const { response, passkey, challenge } = given;
  const { verifyAuthenticationResponse } = await loadWebauthn();
  const { verified, authenticationInfo } = await verifyAuthenticationResponse({
    response: response as AuthenticationResponseJSON,
    expectedChallenge: challenge,
    expectedOrigin: [...ctx.settings.origins],
    expectedRPID: relyingPartyId(ctx),
    requireUserVerification: true,
    credential: {
      id: passkey.credentialId,
      publicKey: new Uint8Array(Buffer.from(passkey.publicKey, 'base64url')),
      counter: passkey.counter,
    },
  }).catch((error: unknown) => {
    throw PasskeyErrors.Refused(error);
  });
  if (!verified) throw PasskeyErrors.Refused();
  return authenticationInfo.newCounter;
}
