import type { ApplicationLifecycle } from '@insightdesk/shared/lifecycle';
import type { Logger } from '@insightdesk/shared/logging';
import type { KeyRing } from '@insightdesk/shared/security';

/** A new key begins to sign three seconds after it was added. */
const EVERY_MS = 1_000;
const REPORT_EVERY = 60;

/** Learns the keys before anything is served, and new ones within a second. */
export function watchKeys(lifecycle: ApplicationLifecycle, keys: KeyRing, log: Logger): void {
  let timer: Timer | undefined;
  let failures = 0;
  const look = () =>
    keys.refresh().then(
      () => {
        failures = 0;
      },
      (error: unknown) => {
        if (failures++ % REPORT_EVERY === 0) log.warn({ err: String(error) }, 'keys: not learned');
      },
    );
  lifecycle.registerStartupHook('keys', async () => {
    await keys.refresh();
    timer = setInterval(() => void look(), EVERY_MS);
  }, ['postgres']);
  lifecycle.registerShutdownHook('keys', () => clearInterval(timer));
}
