import type { ApplicationLifecycle } from '@insightdesk/shared/lifecycle';
import type { Logger } from '@insightdesk/shared/logging';
import type { KeyRing } from '@insightdesk/shared/security';

/** A new key signs from three seconds after it was added. */
const REFRESH_MS = 1_000;
const LOG_EVERY_FAILURES = 60;

/** Stores the public key of JWT_SECRET; with `replaces`, those of former secrets end. */
type RegisterKey = (options: { replaces: boolean }) => Promise<void>;

/**
 * Loads the signing keys before the service starts, and new ones within a second. `register` is of
 * services that sign access tokens.
 */
export function watchKeys(
  lifecycle: ApplicationLifecycle,
  keys: KeyRing,
  { log, register }: { log: Logger; register?: RegisterKey | undefined },
): void {
  let timer: Timer | undefined;
  let failures = 0;
  async function load() {
    await keys.refresh();
    // A process with another secret has replaced it: both are in use during a deployment.
    const own = keys.configuredAccess?.id;
    if (own && !keys.isStored(own)) await register?.({ replaces: false });
  }
  const refresh = () =>
    load().then(
      () => {
        failures = 0;
      },
      (error: unknown) => {
        if (failures++ % LOG_EVERY_FAILURES === 0)
          log.warn({ err: String(error) }, 'keys: refreshing signing keys failed');
      },
    );
  lifecycle.registerStartupHook('keys', async () => {
    await register?.({ replaces: true });
    await keys.refresh();
    timer = setInterval(() => void refresh(), REFRESH_MS);
  }, ['postgres']);
  lifecycle.registerShutdownHook('keys', () => clearInterval(timer));
}
