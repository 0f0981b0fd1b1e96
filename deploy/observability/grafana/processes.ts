import { type Dashboard, highest, quantile, rate } from './panels.ts';

export const processes: Dashboard = {
  uid: 'insightdesk-processes',
  title: 'InsightDesk: processes',
  panels: [
    {
      title: 'Processor',
      description: 'Of one core.',
      unit: 'percentunit',
      lines: { '{{replica}}': rate('process_cpu_seconds_total', 'replica') },
    },
    {
      title: 'Memory',
      description: 'Alert MemoryHigh begins at 450 MB, of workers at 1.3 GB.',
      unit: 'bytes',
      lines: { '{{replica}}': highest('process_resident_memory_bytes', 'replica') },
    },
    {
      title: 'Objects',
      description: 'Of that; what only grows is a leak.',
      unit: 'bytes',
      lines: { '{{replica}}': highest('process_heap_bytes', 'replica') },
    },
    {
      title: 'Event loop',
      description: 'How late it comes; 99 % are sooner.',
      unit: 's',
      lines: { '{{replica}}': quantile(0.99, 'replica', 'event_loop_lag_seconds') },
    },
    {
      title: 'Open files and connections',
      description: 'Of as many as there may be.',
      unit: 'percentunit',
      lines: { '{{replica}}': 'process_open_fds / process_max_fds' },
    },
    {
      title: 'Up for',
      description: 'A saw is a process that keeps dying.',
      unit: 's',
      lines: { '{{replica}}': 'time() - process_start_time_seconds' },
    },
    {
      title: 'How soon dependencies answer',
      description: 'To the health check, which each service asks for itself.',
      unit: 's',
      lines: {
        '{{replica}} {{dependency}}': highest('dependency_latency_seconds', 'replica, dependency'),
      },
    },
    {
      title: 'Figures that could not be read',
      description: '0 is normal; what they show is blind meanwhile.',
      unit: 'none',
      lines: {
        '{{figure}}':
          'topk(10, sum by (figure) (increase(figures_unread_total[$__rate_interval])))',
      },
    },
  ],
};
