import { defineAction } from '@insightdesk/shared/context';
import { z } from 'zod';
import { sealChallenge } from './challenge.ts';
import { hostOf } from './relying-party.ts';
import { webauthn } from './load-webauthn.ts';
import { offerView } from './webauthn-fields.ts';

/** What a browser needs to show the passkeys it has for us; the same for everybody. */
export const offerSignIn = defineAction({
  summary: 'Begin to sign in by a passkey',
  input: z.strictObject({}),
  output: offerView,
  allow: 'anyone',
  async run(ctx) {
    const { generateAuthenticationOptions } = await webauthn();
    const options = await generateAuthenticationOptions({
      rpID: hostOf(ctx),
      userVerification: 'required',
    });
    return { options: { ...options }, token: sealChallenge(ctx, options.challenge) };
  },
});
