import type { Context } from '@insightdesk/shared/context';
import { z } from 'zod';

const bytes = (max: number) =>
  z
    .string()
    .max(max)
    .regex(/^[\w-]+$/, 'Must be base64url');

const credential = {
  id: bytes(1_400),
  rawId: bytes(1_400),
  type: z.literal('public-key'),
  clientExtensionResults: z.record(z.string(), z.unknown()).default({}),
  authenticatorAttachment: z.enum(['platform', 'cross-platform']).optional(),
};

/** The JSON result of `navigator.credentials.create`. */
export const registration = z.object({
  ...credential,
  response: z.object({
    clientDataJSON: bytes(4_000),
    attestationObject: bytes(8_000),
    transports: z.array(z.string().max(30)).max(10).optional(),
  }),
});

/** The JSON result of `navigator.credentials.get`. */
export const assertion = z.object({
  ...credential,
  response: z.object({
    clientDataJSON: bytes(4_000),
    authenticatorData: bytes(4_000),
    signature: bytes(2_000),
    userHandle: bytes(100),
  }),
});

export const optionsView = z
  .object({
    options: z.record(z.string(), z.unknown()).describe('PublicKeyCredential…OptionsJSON'),
    token: z.string().describe('Valid once, for five minutes'),
  })
  .meta({ id: 'PasskeyOptions' });

export const token = z.string().max(1_000);

/** Loaded on first use: it loads slowly and takes 20 MB. */
export const loadWebauthn = (): Promise<typeof import('@simplewebauthn/server')> =>
  import('@simplewebauthn/server');

/** COSE algorithms in order of preference: ES256, EdDSA, RS256. */
export const SUPPORTED_ALGORITHMS = [-7, -8, -257];

/** Passkeys are bound to the host of the web app. */
export const relyingPartyId = ({ settings }: Context) => new URL(settings.appUrl).hostname;
