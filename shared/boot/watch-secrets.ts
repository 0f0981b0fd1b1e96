import type { SecretAccess } from '@insightdesk/shared/config';
import type { Logger } from '@insightdesk/shared/logging';
import { Counter, type Metrics } from '@insightdesk/shared/monitoring';

/** Before there is a log, what was asked is kept for it; not more than a start can ask. */
const KEPT = 1_000;

/** Tells the log and the metrics which secrets were asked for, by name; who is denied one alerts. */
export function watchSecrets() {
  const early: SecretAccess[] = [];
  let tell = (access: SecretAccess): void => {
    if (early.length < KEPT) early.push(access);
  };
  return {
    note: (access: SecretAccess) => tell(access),
    tellTo(log: Logger, metrics: Metrics): void {
      const counter = new Counter({
        name: 'secret_accesses_total',
        help: 'Secrets that were asked for, by name, place and outcome',
        labelNames: ['secret', 'provider', 'outcome'],
        registers: [metrics],
      });
      tell = ({ name, provider, outcome }) => {
        counter.inc({ secret: name, provider, outcome });
        // Not `secret: name`: the log would hide it.
        const fields = { variable: name, provider, outcome };
        if (outcome === 'denied' || outcome === 'failed')
          log.error(fields, 'secrets: access denied');
        else log.info(fields, 'secrets: accessed');
      };
      early.splice(0).forEach(tell);
    },
  };
}
