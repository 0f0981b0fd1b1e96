import type { Metrics } from './metrics.ts';

/** What the domain counts by outcome; outcomes start at 0, so that the first one is an increase. */
export const outcomeMetrics = {
  emails_total: {
    help: 'Attempts to send an email; unavailable ones are retried',
    outcomes: ['sent', 'rejected', 'unavailable', 'over-quota'],
  },
  webhook_deliveries_total: {
    help: 'Attempts to deliver an event to a webhook',
    outcomes: ['delivered', 'rejected', 'unanswered'],
  },
  audit_verifications_total: {
    help: 'Verified chains of the audit log; each night all of them',
    outcomes: ['intact', 'broken'],
  },
  webhook_endpoints_disabled_total: {
    help: 'Webhooks that the system disabled, by reason',
    outcomes: ['gone', 'failing'],
  },
} as const;

type OutcomeMetrics = typeof outcomeMetrics;
export type OutcomeMetric = keyof OutcomeMetrics;

/** Counters of one process by metric and outcome. */
export class OutcomeCounters {
  readonly #counts = new Map<string, number>();

  count<M extends OutcomeMetric>(metric: M, outcome: OutcomeMetrics[M]['outcomes'][number]): void {
    const key = `${metric} ${outcome}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  /** Registers all counters. */
  register(metrics: Pick<Metrics, 'counter'>): void {
    for (const [name, { help, outcomes }] of Object.entries(outcomeMetrics)) {
      const read = () =>
        outcomes.map(
          (outcome) => [{ outcome }, this.#counts.get(`${name} ${outcome}`) ?? 0] as const,
        );
      metrics.counter({ name, help, read });
    }
  }
}
