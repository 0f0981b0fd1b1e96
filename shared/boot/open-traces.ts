import type { Config } from '@insightdesk/shared/config';
import { Counter, type Metrics } from '@insightdesk/shared/monitoring';
import { openTracing, type SpanOutcome } from '@insightdesk/shared/tracing';

/** At the end of the process; a dead collector must not hold it up. */
const DEADLINE_MS = 2_000;

/** The service's traces, where a collector is configured; nothing is loaded otherwise. */
export async function openTraces({ tracing, environment, service }: Config) {
  if (!tracing) return undefined;
  const counted: Record<SpanOutcome, number> = { exported: 0, failed: 0, dropped: 0 };
  let tell = (outcome: SpanOutcome, spans: number): void => {
    counted[outcome] += spans;
  };
  const { name, replica } = service;
  const { close } = await openTracing(
    { ...tracing, count: (outcome, spans) => tell(outcome, spans) },
    { service: name, replica, environment },
  );
  return {
    close: () => close(DEADLINE_MS),
    tellTo(metrics: Metrics): void {
      const counter = new Counter({
        name: 'trace_spans_total',
        help: 'Recorded spans by what became of them: exported, failed on the way, or dropped because too many waited',
        labelNames: ['outcome'],
        registers: [metrics],
      });
      tell = (outcome, spans) => counter.inc({ outcome }, spans);
      for (const [outcome, spans] of Object.entries(counted)) tell(outcome as SpanOutcome, spans);
    },
  };
}
