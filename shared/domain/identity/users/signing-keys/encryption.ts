import type { Connections } from '@insightdesk/shared/context';

/** The database that stores the signing keys. */
export type IdentityDatabase = Connections['identityDatabase'];

export type Encryption = Connections['security']['encryption'];

export const ENCRYPTION_PURPOSE = 'signing-key';
