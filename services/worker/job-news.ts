import type { App } from '@insightdesk/shared/boot';
import { Channels, type SignalData } from '@insightdesk/shared/contract';
import type { JobNews } from '@insightdesk/shared/jobs';
import { type SystemSignal, sendSignals } from '@insightdesk/shared/realtime';

const EVERY_MS = 250;
/** Of one organisation at a time; who wants all of them asks `GET /v1/jobs`. */
const MOST_JOBS = 50;

type Latest = Map<string, JobNews>;

/**
 * Tells the staff of organisations how their jobs go: each job's latest state, at most once in
 * 250 ms. Jobs never wait for it.
 */
export function createJobNews(send: (signals: SystemSignal[]) => void, everyMs = EVERY_MS) {
  const waiting = new Map<JobNews['tenantId'], Latest>();
  let timer: Timer | undefined;

  function flush() {
    timer = undefined;
    const signals = [...waiting.values()].flatMap((latest) =>
      [...latest.values()].flatMap(toSignal),
    );
    waiting.clear();
    send(signals);
  }

  return {
    observe(news: JobNews): void {
      if (news.tenantId === 'system') return;
      const latest = waiting.get(news.tenantId) ?? new Map();
      if (latest.size >= MOST_JOBS && !latest.has(news.id)) return;
      waiting.set(news.tenantId, latest.set(news.id, news));
      timer ??= setTimeout(flush, everyMs);
    },
    stop() {
      clearTimeout(timer);
    },
  };
}

/** The same on a service's own Valkey; stops with the service. */
export function openJobNews({ lifecycle, log, parts }: App) {
  const tell = (error: unknown) => log.warn({ err: String(error) }, 'jobs: not told');
  const news = createJobNews((signals) => sendSignals(parts.valkey, signals, tell));
  lifecycle.registerShutdownHook('job news', () => news.stop());
  return news;
}

function toSignal({ tenantId, id, name, queue, state, attempt, percent }: JobNews): SystemSignal[] {
  if (tenantId === 'system') return [];
  const data: SignalData['job.updated'] = {
    id,
    name,
    queue,
    state,
    attempt,
    ...(percent !== undefined && { percent }),
  };
  return [{ tenantId, channel: Channels.organization(tenantId), type: 'job.updated', data }];
}
