import type { Mailer } from '@insightdesk/shared/email';
import type { Health } from '@insightdesk/shared/monitoring';

/** Readiness that also asks the mail server, for a service that is of no use without it. */
export const requireMail = (health: Health, mailer: Mailer) =>
  health.register('mail', () => mailer.verify(), { timeoutMs: 5_000 });
