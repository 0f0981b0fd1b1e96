import { defineAction, withTenant } from '@insightdesk/shared/context';
import { toUuid } from '@insightdesk/shared/contract';
import { passkeys } from '@insightdesk/shared/domain/identity/mfa';
import {
  confirmPassword,
  currentPassword,
  requireVerifiedFactor,
} from '@insightdesk/shared/domain/identity/users';
import { eq } from 'drizzle-orm';
import { z } from 'zod';
import { encryptChallenge } from './challenge.ts';
import { loadWebauthn, optionsView, relyingPartyId, SUPPORTED_ALGORITHMS } from './webauthn.ts';

/** PublicKeyCredentialCreationOptions for a new passkey of the caller. */
export const getCreationOptions = defineAction({
  summary: 'Get passkey creation options',
  input: z.strictObject({ password: currentPassword }),
  output: optionsView,
  allow: 'account:manage',
  duringSetup: true,
  transaction: 'own',
  async run(ctx, { password }) {
    const user = await confirmPassword(ctx, password);
    const existing = await withTenant(ctx, async (tenant) => {
      await requireVerifiedFactor(tenant);
      return tenant.tx
        .select({ id: passkeys.credentialId })
        .from(passkeys)
        .where(eq(passkeys.userId, user.id));
    });
    const { generateRegistrationOptions } = await loadWebauthn();
    const options = await generateRegistrationOptions({
      rpName: ctx.settings.appName,
      rpID: relyingPartyId(ctx),
      userID: new Uint8Array(Buffer.from(toUuid(user.id).replaceAll('-', ''), 'hex')),
      userName: user.email,
      userDisplayName: user.name,
      attestationType: 'none',
      excludeCredentials: existing,
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      supportedAlgorithmIDs: SUPPORTED_ALGORITHMS,
    });
    const token = encryptChallenge(ctx, options.challenge, user.id);
    return { options: { ...options }, token };
  },
});

/** PublicKeyCredentialRequestOptions for a sign-in; the same for all users. */
export const getRequestOptions = defineAction({
  summary: 'Get passkey sign-in options',
  input: z.strictObject({}),
  output: optionsView,
  allow: 'anyone',
  async run(ctx) {
    const { generateAuthenticationOptions } = await loadWebauthn();
    const options = await generateAuthenticationOptions({
      rpID: relyingPartyId(ctx),
      userVerification: 'required',
    });
    return { options: { ...options }, token: encryptChallenge(ctx, options.challenge) };
  },
});
