import { testEnvironment } from '@insightdesk/shared/testing';
import { createValkey, type ValkeyOptions } from '@insightdesk/shared/valkey';
import { type CacheOptions, createCache } from './create-cache.ts';

/** A cache as one process has it; several of them are several processes to each other. */
export function createTestCache({
  url = testEnvironment.valkeyUrl,
  ...options
}: Partial<CacheOptions> & { url?: string } = {}) {
  const errors: unknown[] = [];
  const onError = (error: unknown) => void errors.push(error);
  const connect = (role: ValkeyOptions['role']) =>
    createValkey(url, { name: 'test', role, onError });
  const valkey = connect('command');
  const subscriber = connect('subscriber');
  const cache = createCache({ valkey, subscriber, onError, ...options });
  const waitUntilReady = async () => {
    while (subscriber.status !== 'ready' || valkey.status !== 'ready') await Bun.sleep(5);
    await subscriber.subscribe('cache-invalidations');
  };
  const close = () => {
    valkey.disconnect();
    subscriber.disconnect();
  };
  return { cache, valkey, errors, waitUntilReady, close };
}
