import type { Context } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import type { WebhookKeys } from './signature.ts';

type Keeper = Pick<Context, 'security'> & { tenantId: Id<'org'> };
const PURPOSE = 'webhook';

/** What a webhook signs with, as it is stored. */
export const keepKeys = (
  { security: { secrets }, tenantId }: Keeper,
  { secret, privateKey }: Pick<WebhookKeys, 'secret' | 'privateKey'>,
) => secrets.encrypt(PURPOSE, `${secret} ${privateKey}`, tenantId);

/** What is stored, as it signs; a secret of the releases before this stands there as it is, alone. */
export const readKeys = (keeper: Keeper, stored: string) => openKept(keeper, stored).split(' ');

const openKept = ({ security: { secrets }, tenantId }: Keeper, stored: string) =>
  secrets.isSealed(stored) ? secrets.decrypt(PURPOSE, stored, tenantId) : stored;

/** What is stored, encrypted by the key of now. */
export const renewKept = (keeper: Keeper, stored: string) =>
  keeper.security.secrets.isCurrent(stored)
    ? stored
    : keeper.security.secrets.encrypt(PURPOSE, openKept(keeper, stored), keeper.tenantId);
