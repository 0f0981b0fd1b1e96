import type { Connections } from '@insightdesk/shared/context';

/** Where the signing keys are stored. */
export type IdentityDatabase = Connections['identityDatabase'];

/** What they are encrypted with. */
export type Secrets = Connections['security']['secrets'];

/** What they are encrypted for. */
export const ENCRYPTION_PURPOSE = 'signing-key';
