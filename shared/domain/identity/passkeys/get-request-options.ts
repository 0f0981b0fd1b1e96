import { defineAction } from '@insightdesk/shared/context';
import { z } from 'zod';
import { encryptChallenge } from './challenge.ts';
import { loadWebauthn } from './load-webauthn.ts';
import { relyingPartyId } from './relying-party.ts';
import { optionsView } from './webauthn-fields.ts';

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
