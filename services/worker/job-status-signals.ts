import type { App } from '@insightdesk/shared/boot';
import { Channels, type SignalData } from '@insightdesk/shared/contract';
import type { JobStatusEvent } from '@insightdesk/shared/jobs';
import { publishSignals, type SystemSignal } from '@insightdesk/shared/realtime';

const INTERVAL_MS = 250;
/** Of one organization per interval; `GET /v1/jobs` lists all. */
const MAX_JOBS = 50;

/**
 * Publishes the status of jobs as signals to the staff of their organization: the latest status of
 * each job, at most once per interval. Jobs do not wait for it.
 */
export function createJobStatusSignals(
  publish: (signals: SystemSignal[]) => void,
  intervalMs = INTERVAL_MS,
) {
  const pending = new Map<JobStatusEvent['tenantId'], Map<string, JobStatusEvent>>();
  let timer: Timer | undefined;

  function flush() {
    timer = undefined;
    const signals = [...pending.values()].flatMap((latest) =>
      [...latest.values()].flatMap(toSignal),
    );
    pending.clear();
    publish(signals);
  }

  return {
    observe(event: JobStatusEvent): void {
      if (event.tenantId === 'system') return;
      const latest = pending.get(event.tenantId) ?? new Map<string, JobStatusEvent>();
      if (latest.size >= MAX_JOBS && !latest.has(event.id)) return;
      pending.set(event.tenantId, latest.set(event.id, event));
      timer ??= setTimeout(flush, intervalMs);
    },
    stop() {
      clearTimeout(timer);
    },
  };
}

/** Publishes on the service's Valkey; stops with the service. */
export function openJobStatusSignals({ lifecycle, log, container }: App) {
  const onError = (error: unknown) =>
    log.warn({ err: String(error) }, 'jobs: publishing status signals failed');
  const signals = createJobStatusSignals((batch) =>
    publishSignals(container.valkey, batch, onError),
  );
  lifecycle.registerShutdownHook('job status signals', () => signals.stop());
  return signals;
}

function toSignal(event: JobStatusEvent): SystemSignal[] {
  const { tenantId, id, name, queue, state, attempt, percent } = event;
  if (tenantId === 'system') return [];
  const data: SignalData['job.updated'] = {
    id,
    name,
    queue,
    // The attempt failed and is repeated.
    state: state === 'delayed' ? 'failed' : state,
    attempt,
    ...(percent !== undefined && { percent }),
  };
  return [{ tenantId, channel: Channels.organization(tenantId), type: 'job.updated', data }];
}
