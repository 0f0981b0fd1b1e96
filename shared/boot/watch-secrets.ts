import type { Config, LoadedConfig } from '@insightdesk/shared/config';
import type { Logger } from '@insightdesk/shared/logging';

/** Namespaces whose users take the current object with each call. */
export type LiveSettings = Pick<Config, 'email' | 'storage'>;

/** A timer may fire a little early, when the values have not expired yet. */
const MARGIN_MS = 20;

export interface SecretWatch {
  live: LiveSettings;
  stop(): void;
}

/**
 * Reads the secrets again every SECRETS_TTL. The mailer and the storage use new values at once; for
 * others the log asks for a restart. Failed reads are reported as accesses and keep the last value.
 */
export function watchSecrets({ config, refresh }: LoadedConfig, log: Logger): SecretWatch {
  const live: { -readonly [N in keyof LiveSettings]: LiveSettings[N] } = {
    email: config.email,
    storage: config.storage,
  };
  const { ttlSeconds } = config.secrets;
  let timer: Timer | undefined;
  let isStopped = false;

  async function update(): Promise<void> {
    try {
      const { config: next, changed } = await refresh();
      const before = { ...live };
      // An unchanged object keeps its connections.
      if (!Bun.deepEquals(live.email, next.email)) live.email = next.email;
      if (!Bun.deepEquals(live.storage, next.storage)) live.storage = next.storage;
      const isUsed = live.email !== before.email || live.storage !== before.storage;
      if (changed.length > 0) log.info({ variables: changed, isUsed }, 'secrets: values changed');
      if (changed.some((name) => !liveNames.test(name)))
        log.warn({ variables: changed }, 'secrets: restart the service to use the new values');
    } catch (error) {
      log.error({ err: error }, 'secrets: the new values are invalid');
    }
  }

  function schedule(): void {
    if (isStopped || ttlSeconds === 0) return;
    timer = setTimeout(() => void update().finally(schedule), ttlSeconds * 1_000 + MARGIN_MS);
  }
  schedule();
  return {
    live,
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}

/** Secrets of the mailer, the storage, and the vault itself. */
const liveNames = /^(SMTP|AWS|AZURE|CLOUDINARY|VAULT)_/;
