import { defineAction, withTenant } from '@insightdesk/shared/context';
import { toUuid } from '@insightdesk/shared/contract';
import { passkeys } from '@insightdesk/shared/domain/identity/mfa';
import {
  confirmPassword,
  currentPassword,
  requireProven,
} from '@insightdesk/shared/domain/identity/users';
import { eq } from 'drizzle-orm';
import { z } from 'zod';
import { sealChallenge } from './challenge.ts';
import { algorithms, hostOf } from './relying-party.ts';
import { webauthn } from './load-webauthn.ts';
import { offerView } from './webauthn-fields.ts';

/** What a browser needs to make a passkey for the caller. */
export const offerPasskey = defineAction({
  summary: 'Begin to register a passkey',
  input: z.strictObject({ password: currentPassword }),
  output: offerView,
  allow: 'account:manage',
  duringSetup: true,
  transaction: 'own',
  async run(ctx, { password }) {
    const user = await confirmPassword(ctx, password);
    const known = await withTenant(ctx, async (tenant) => {
      await requireProven(tenant);
      return tenant.tx
        .select({ id: passkeys.credentialId })
        .from(passkeys)
        .where(eq(passkeys.userId, user.id));
    });
    const { generateRegistrationOptions } = await webauthn();
    const options = await generateRegistrationOptions({
      rpName: ctx.settings.appName,
      rpID: hostOf(ctx),
      userID: new Uint8Array(Buffer.from(toUuid(user.id).replaceAll('-', ''), 'hex')),
      userName: user.email,
      userDisplayName: user.name,
      attestationType: 'none',
      excludeCredentials: known,
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      supportedAlgorithmIDs: algorithms,
    });
    const token = sealChallenge(ctx, options.challenge, user.id);
    return { options: { ...options }, token };
  },
});
