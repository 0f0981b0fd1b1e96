import type { SecretAccess } from '@insightdesk/shared/config';
import type { Logger } from '@insightdesk/shared/logging';
import { Counter, type Metrics } from '@insightdesk/shared/monitoring';

/** Accesses that are kept until the log is open. */
const MAX_EARLY_ACCESSES = 1_000;

/** Reports accesses to secrets to log and metrics, by name; a denied one is logged as an error. */
export function createSecretAccessLog() {
  const early: SecretAccess[] = [];
  let report = (access: SecretAccess): void => {
    if (early.length < MAX_EARLY_ACCESSES) early.push(access);
  };
  return {
    record: (access: SecretAccess) => report(access),
    reportTo(log: Logger, metrics: Metrics): void {
      const counter = new Counter({
        name: 'secret_accesses_total',
        help: 'Accesses to secrets by name, provider and outcome',
        labelNames: ['secret', 'provider', 'outcome'],
        registers: [metrics],
      });
      report = ({ name, provider, outcome }) => {
        counter.inc({ secret: name, provider, outcome });
        // Not `secret: name`: the log would redact it.
        const fields = { variable: name, provider, outcome };
        if (outcome === 'denied' || outcome === 'failed')
          log.error(fields, 'secrets: access denied');
        else log.info(fields, 'secrets: accessed');
      };
      early.splice(0).forEach(report);
    },
  };
}
