import type { Context } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import type { WebhookKeys } from './signature.ts';

type TenantSecrets = Pick<Context, 'security'> & { tenantId: Id<'org'> };
const PURPOSE = 'webhook';

/** Encrypts the keys of a webhook for storage. */
export const sealKeys = (
  { security, tenantId }: TenantSecrets,
  { secret, privateKey }: Pick<WebhookKeys, 'secret' | 'privateKey'>,
) => security.encryption.encrypt(PURPOSE, `${secret} ${privateKey}`, tenantId);

/** Decrypts stored keys; old rows hold one plain secret. */
export const openKeys = (ctx: TenantSecrets, stored: string) => decrypt(ctx, stored).split(' ');

const decrypt = ({ security: { encryption }, tenantId }: TenantSecrets, stored: string) =>
  encryption.isEncrypted(stored) ? encryption.decrypt(PURPOSE, stored, tenantId) : stored;

export const resealKeys = (ctx: TenantSecrets, stored: string) =>
  ctx.security.encryption.isCurrent(stored)
    ? stored
    : ctx.security.encryption.encrypt(PURPOSE, decrypt(ctx, stored), ctx.tenantId);
