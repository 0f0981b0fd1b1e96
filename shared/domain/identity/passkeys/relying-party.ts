import type { Context } from '@insightdesk/shared/context';

/** ES256, EdDSA, RS256: what authenticators have, in the order in which we like it. */
export const SUPPORTED_ALGORITHMS = [-7, -8, -257];

/** Passkeys are for the host of our public URL. */
export const relyingPartyId = ({ settings }: Context) => new URL(settings.appUrl).hostname;
