import type { Context } from '@insightdesk/shared/context';

/** COSE algorithms in order of preference: ES256, EdDSA, RS256. */
export const SUPPORTED_ALGORITHMS = [-7, -8, -257];

/** Passkeys are bound to the host of the web app. */
export const relyingPartyId = ({ settings }: Context) => new URL(settings.appUrl).hostname;
