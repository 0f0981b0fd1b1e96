import { readdir, readFile } from 'node:fs/promises';
import { Histogram } from '@insightdesk/shared/utils';
import type { Metrics } from './metrics.ts';

const SAMPLE_MS = 500;
const MICROSECONDS = 1e-6;

/** CPU, memory and event loop of this process. Prom-client's own collectors need Node APIs that Bun lacks. */
export function registerProcessMetrics(metrics: Metrics): void {
  metrics.counter({
    name: 'process_cpu_seconds_total',
    help: 'CPU time of the process',
    read: () => {
      const { user, system } = process.cpuUsage();
      return (user + system) * MICROSECONDS;
    },
  });
  metrics.gauge({
    name: 'process_start_time_seconds',
    help: 'Start time of the process, in seconds since 1970',
    read: () => performance.timeOrigin / 1_000,
  });
  metrics.gauge({
    name: 'process_resident_memory_bytes',
    help: 'Resident memory of the process',
    read: () => process.memoryUsage.rss(),
  });
  metrics.gauge({
    name: 'process_heap_bytes',
    help: 'Heap memory in use',
    read: () => process.memoryUsage().heapUsed,
  });
  registerFileMetrics(metrics);
  const lag = new Histogram({ overflowLabels: {} });
  let dueAtMs = performance.now() + SAMPLE_MS;
  setInterval(() => {
    const nowMs = performance.now();
    lag.observe(Math.max(0, nowMs - dueAtMs) / 1_000, 'lag', () => ({}));
    dueAtMs = nowMs + SAMPLE_MS;
  }, SAMPLE_MS).unref();
  const help = 'Delay of timers in the event loop';
  metrics.histogram({ name: 'event_loop_lag_seconds', help }, lag);
}

/** Read from /proc, on Linux only. */
function registerFileMetrics(metrics: Metrics): void {
  if (process.platform !== 'linux') return;
  metrics.gauge({
    name: 'process_open_fds',
    help: 'Open file descriptors',
    read: async () => (await readdir('/proc/self/fd')).length,
  });
  metrics.gauge({
    name: 'process_max_fds',
    help: 'Maximum number of open file descriptors',
    read: async () => {
      const limits = await readFile('/proc/self/limits', 'utf8');
      return Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? 0);
    },
  });
}
