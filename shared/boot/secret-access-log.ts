import type { SecretAccess } from '@insightdesk/shared/config';
import type { Logger } from '@insightdesk/shared/logging';
import { Counter, type Metrics } from '@insightdesk/shared/monitoring';

/** Accesses that are kept until the log is open. */
const MAX_EARLY_ACCESSES = 1_000;

/**
 * Reports accesses to secrets to log and metrics, by name. A denied one is logged as an error, a
 * repeated one at debug level, because secrets are read again every SECRETS_TTL.
 */
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
      const reported = new Set<string>();
      report = ({ name, provider, outcome }) => {
        const isFirst = !reported.has(name);
        reported.add(name);
        // From zero: an alert on the increase needs a first value.
        if (isFirst) {
          for (const failure of ['denied', 'failed'])
            counter.inc({ secret: name, provider, outcome: failure }, 0);
        }
        counter.inc({ secret: name, provider, outcome });
        // Not `secret: name`: the log would redact it.
        const fields = { variable: name, provider, outcome };
        if (outcome === 'denied' || outcome === 'failed')
          log.error(fields, 'secrets: access denied');
        else if (isFirst) log.info(fields, 'secrets: accessed');
        else log.debug(fields, 'secrets: accessed');
      };
      early.splice(0).forEach(report);
    },
  };
}
