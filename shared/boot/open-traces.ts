import type { Config } from '@insightdesk/shared/config';
import { Counter, type Metrics } from '@insightdesk/shared/monitoring';
import { type SpanOutcome, startTracing } from '@insightdesk/shared/tracing';

/** A collector that hangs does not delay the shutdown further. */
const CLOSE_TIMEOUT_MS = 2_000;

/** Starts tracing if a collector is configured; otherwise no tracing code is loaded. */
export async function openTraces({ tracing, environment, service }: Config) {
  if (!tracing) return undefined;
  const counted: Record<SpanOutcome, number> = { exported: 0, failed: 0, dropped: 0 };
  let report = (outcome: SpanOutcome, spans: number): void => {
    counted[outcome] += spans;
  };
  const { name, replica } = service;
  const { close } = await startTracing(
    { ...tracing, count: (outcome, spans) => report(outcome, spans) },
    { service: name, replica, environment },
  );
  return {
    close: () => close(CLOSE_TIMEOUT_MS),
    reportTo(metrics: Metrics): void {
      const counter = new Counter({
        name: 'trace_spans_total',
        help: 'Recorded spans by outcome: exported, failed, or dropped because the queue was full',
        labelNames: ['outcome'],
        registers: [metrics],
      });
      report = (outcome, spans) => counter.inc({ outcome }, spans);
      for (const [outcome, spans] of Object.entries(counted)) report(outcome as SpanOutcome, spans);
    },
  };
}
