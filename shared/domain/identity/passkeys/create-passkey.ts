import {
  defineAction,
  requireLiveSession,
  singleLine,
  type UserTenantContext,
  withTenant,
} from '@insightdesk/shared/context';
import { toUuid } from '@insightdesk/shared/contract';
import { onViolation } from '@insightdesk/shared/database';
import {
  hasSecondFactor,
  passkeys,
  replaceRecoveryCodes,
  secondFactors,
} from '@insightdesk/shared/domain/identity/mfa';
import {
  markFactorVerified,
  requireVerifiedFactor,
} from '@insightdesk/shared/domain/identity/users';
import { newId } from '@insightdesk/shared/utils';
import type { RegistrationResponseJSON } from '@simplewebauthn/server';
import { z } from 'zod';
import { consumeChallenge, decryptChallenge } from './challenge.ts';
import { PasskeyErrors } from './errors.ts';
import { passkeyView, toPasskey } from './view.ts';
import {
  loadWebauthn,
  registration,
  relyingPartyId,
  SUPPORTED_ALGORITHMS,
  token,
} from './webauthn.ts';

const MAX_PASSKEYS = 20;

/** Registers a passkey that the browser created; the first second factor has recovery codes. */
export const createPasskey = defineAction({
  summary: 'Create a passkey',
  input: z.strictObject({
    token,
    response: registration,
    name: singleLine(100).default('Passkey'),
  }),
  output: z
    .object({
      passkey: passkeyView,
      recoveryCodes: z.array(z.string()).nullable().describe('Only with the first second factor'),
    })
    .meta({ id: 'CreatedPasskey' }),
  allow: 'account:manage',
  duringSetup: true,
  transaction: 'own',
  async run(ctx, { token: challengeToken, response, name }) {
    const { userId } = ctx.actor;
    await requireLiveSession(ctx);
    const challenge = decryptChallenge(ctx, challengeToken, userId);
    const { verifyRegistrationResponse } = await loadWebauthn();
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response: response as RegistrationResponseJSON,
      expectedChallenge: challenge.challenge,
      expectedOrigin: [...ctx.settings.origins],
      expectedRPID: relyingPartyId(ctx),
      requireUserVerification: true,
      supportedAlgorithmIDs: SUPPORTED_ALGORITHMS,
    }).catch((error: unknown) => {
      throw PasskeyErrors.Refused(error);
    });
    if (!verified) throw PasskeyErrors.Refused();
    const { id: credentialId, publicKey, counter } = registrationInfo.credential;
    const row = {
      userId,
      id: newId('pky'),
      credentialId,
      publicKey: Buffer.from(publicKey).toString('base64url'),
      counter,
      transports: response.response.transports ?? [],
      name,
    };
    return withTenant(ctx, async (tenant) => {
      await consumeChallenge(tenant.tx, userId, challenge);
      return insertPasskey(tenant, row);
    }).catch(onViolation('passkeys_credential', PasskeyErrors.AlreadyRegistered));
  },
});

async function insertPasskey(ctx: UserTenantContext, row: typeof passkeys.$inferInsert) {
  const { tx, actor } = ctx;
  // Serializes concurrent creation.
  await tx
    .insert(secondFactors)
    .values({ userId: actor.userId })
    .onConflictDoUpdate({ target: secondFactors.userId, set: { userId: actor.userId } });
  const before = await requireVerifiedFactor(ctx);
  if (before.passkeys >= MAX_PASSKEYS) throw PasskeyErrors.TooMany(MAX_PASSKEYS);
  const [passkey] = await tx.insert(passkeys).values(row).returning();
  if (!passkey) throw PasskeyErrors.NotFound();
  await markFactorVerified(ctx, toUuid(passkey.id));
  const recoveryCodes = hasSecondFactor(before)
    ? null
    : await replaceRecoveryCodes(tx, actor.userId);
  return { passkey: toPasskey(passkey), recoveryCodes };
}
