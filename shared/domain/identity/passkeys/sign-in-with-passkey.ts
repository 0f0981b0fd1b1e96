import { type Context, defineAction } from '@insightdesk/shared/context';
import { fromUuid, type Id, idSchema } from '@insightdesk/shared/contract';
import { matches } from '@insightdesk/shared/database';
import { passkeys } from '@insightdesk/shared/domain/identity/mfa';
import {
  chooseOrganization,
  signedInView,
  signIn,
  users,
  verifySecondFactor,
} from '@insightdesk/shared/domain/identity/users';
import type { AuthenticationResponseJSON } from '@simplewebauthn/server';
import { and, eq, lt, or, sql } from 'drizzle-orm';
import { z } from 'zod';
import { consumeChallenge, decryptChallenge } from './challenge.ts';
import { PasskeyErrors } from './errors.ts';
import type { PasskeyRow } from './view.ts';
import { assertion, loadWebauthn, relyingPartyId, token } from './webauthn.ts';

type Assertion = z.output<typeof assertion>;

/** A passkey with user verification counts as two factors. */
export const signInWithPasskey = defineAction({
  summary: 'Sign in with a passkey',
  input: z.strictObject({ token, response: assertion, organizationId: idSchema('org').optional() }),
  output: signedInView,
  allow: 'anyone',
  async run(ctx, { token: challengeToken, response, organizationId }) {
    const challenge = decryptChallenge(ctx, challengeToken);
    const userId = userIdOf(response);
    const { user, passkey } = await findPasskey(ctx, userId, response.id);
    const counter = await verifyAssertion(ctx, {
      response,
      passkey,
      challenge: challenge.challenge,
    });
    await ctx.database.write({ userId }, async (tx) => {
      await consumeChallenge(tx, userId, challenge);
      const isHigher = lt(passkeys.counter, counter);
      const updated = await tx
        .update(passkeys)
        .set({ counter, lastUsedAt: sql`now()` as unknown as Date })
        .where(
          and(
            matches(passkeys, { userId, id: passkey.id }),
            counter === 0 ? or(isHigher, eq(passkeys.counter, 0)) : isHigher,
          ),
        )
        .returning({ id: passkeys.id });
      if (updated.length === 0) throw PasskeyErrors.Refused();
    });
    const { organization, role } = await chooseOrganization(ctx, userId, organizationId);
    const method = { by: 'passkey', passkeyId: passkey.id } as const;
    const authentication = await verifySecondFactor(ctx, userId, method);
    return signIn(ctx, { user, organization, role, ...authentication });
  },
});

/** The user id that the passkey contains; the query then reads only passkeys of that user. */
function userIdOf({ response }: Assertion): Id<'usr'> {
  const bytes = Buffer.from(response.userHandle, 'base64url');
  if (bytes.length !== 16) throw PasskeyErrors.Refused();
  return fromUuid('usr', bytes.toString('hex'));
}

async function findPasskey(ctx: Context, userId: Id<'usr'>, credentialId: string) {
  const [found] = await ctx.database.read({ userId }, (tx) =>
    tx
      .select({ passkey: passkeys, user: { id: users.id, email: users.email, name: users.name } })
      .from(passkeys)
      .innerJoin(users, eq(users.id, passkeys.userId))
      .where(matches(passkeys, { userId, credentialId }))
      .execute(),
  );
  if (!found) throw PasskeyErrors.Refused();
  return found;
}

async function verifyAssertion(
  ctx: Context,
  credential: { response: Assertion; passkey: PasskeyRow; challenge: string },
): Promise<number> {
  const { response, passkey, challenge } = credential;
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
