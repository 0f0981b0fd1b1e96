import type { Config } from '@insightdesk/shared/config';
import type { Logger } from '@insightdesk/shared/logging';
import { createValkey, type Valkey, type ValkeyOptions } from '@insightdesk/shared/valkey';

export type ValkeyPurpose = 'default' | 'cache' | 'queue' | 'session';

/** Opens a connection; the caller closes it. */
export type ConnectValkey = (
  purpose: ValkeyPurpose,
  role: ValkeyOptions['role'],
  name: string,
) => Valkey;

export function createConnectValkey(config: Config, log: Logger): ConnectValkey {
  const urls: Record<ValkeyPurpose, string> = {
    default: config.valkey.url,
    cache: config.valkey.cacheUrl,
    queue: config.valkey.queueUrl,
    session: config.valkey.sessionUrl,
  };
  return (purpose, role, name) =>
    createValkey(urls[purpose], {
      name: `${config.service.replica}:${name}`,
      role,
      onError: (error) =>
        log.warn({ err: error.message, connection: name }, 'valkey: connection failed'),
    });
}
