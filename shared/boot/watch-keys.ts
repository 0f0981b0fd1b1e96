import type { ApplicationLifecycle } from '@insightdesk/shared/lifecycle';
import type { Logger } from '@insightdesk/shared/logging';
import type { KeyRing } from '@insightdesk/shared/security';

/** A new key signs from three seconds after it was added. */
const REFRESH_MS = 1_000;
const LOG_EVERY_FAILURES = 60;

/** Loads the signing keys before the service starts, and new ones within a second. */
export function watchKeys(lifecycle: ApplicationLifecycle, keys: KeyRing, log: Logger): void {
  let timer: Timer | undefined;
  let failures = 0;
  const refresh = () =>
    keys.refresh().then(
      () => {
        failures = 0;
      },
      (error: unknown) => {
        if (failures++ % LOG_EVERY_FAILURES === 0)
          log.warn({ err: String(error) }, 'keys: refreshing signing keys failed');
      },
    );
  lifecycle.registerStartupHook('keys', async () => {
    await keys.refresh();
    timer = setInterval(() => void refresh(), REFRESH_MS);
  }, ['postgres']);
  lifecycle.registerShutdownHook('keys', () => clearInterval(timer));
}
