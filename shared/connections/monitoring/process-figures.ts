import { readdir, readFile } from 'node:fs/promises';
import { Durations } from '@insightdesk/shared/utils';
import type { Metrics } from './figures.ts';

const SAMPLE_MS = 500;
const MICROSECONDS = 1e-6;

/** What this process takes of its machine. Prom-client's own asks Node for what Bun does not have. */
export function showProcess(metrics: Metrics): void {
  metrics.total({
    name: 'process_cpu_seconds_total',
    help: 'Processor time of this process',
    read: () => {
      const { user, system } = process.cpuUsage();
      return (user + system) * MICROSECONDS;
    },
  });
  metrics.level({
    name: 'process_start_time_seconds',
    help: 'When this process started, since 1970',
    read: () => performance.timeOrigin / 1_000,
  });
  metrics.level({
    name: 'process_resident_memory_bytes',
    help: 'Memory of this process',
    read: () => process.memoryUsage.rss(),
  });
  metrics.level({
    name: 'process_heap_bytes',
    help: 'Of that, what objects take',
    read: () => process.memoryUsage().heapUsed,
  });
  showFiles(metrics);
  const late = new Durations({ rest: {} });
  let dueAtMs = performance.now() + SAMPLE_MS;
  setInterval(() => {
    const nowMs = performance.now();
    late.observe(Math.max(0, nowMs - dueAtMs) / 1_000, 'late', () => ({}));
    dueAtMs = nowMs + SAMPLE_MS;
  }, SAMPLE_MS).unref();
  const help = 'How late the event loop comes to what is due';
  metrics.durations({ name: 'event_loop_lag_seconds', help }, late);
}

/** Linux tells of them; elsewhere there is nothing to show. */
function showFiles(metrics: Metrics): void {
  if (process.platform !== 'linux') return;
  metrics.level({
    name: 'process_open_fds',
    help: 'Open files and connections',
    read: async () => (await readdir('/proc/self/fd')).length,
  });
  metrics.level({
    name: 'process_max_fds',
    help: 'How many it may open',
    read: async () => {
      const limits = await readFile('/proc/self/limits', 'utf8');
      return Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? 0);
    },
  });
}
