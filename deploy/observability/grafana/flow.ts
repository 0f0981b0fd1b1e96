import { type Dashboard, highest, quantile, rate } from './panels.ts';

export const flow: Dashboard = {
  uid: 'insightdesk-flow',
  title: 'InsightDesk: events and jobs',
  panels: [
    {
      title: 'Relay is behind by',
      description: 'The oldest event that is not told yet; alert RelayBehind begins at 15 s.',
      unit: 's',
      lines: { lag: highest('relay_lag_seconds') },
    },
    {
      title: 'Events that wait',
      description: 'Up to 10,000 are counted.',
      unit: 'none',
      lines: { waiting: highest('relay_waiting_events') },
    },
    {
      title: 'From the change to the telling',
      description: 'Channel logs written, jobs enqueued.',
      unit: 's',
      lines: {
        median: quantile(0.5, '', 'relay_delay_seconds'),
        '99 %': quantile(0.99, '', 'relay_delay_seconds'),
      },
    },
    {
      title: 'Events',
      description: 'What the relay tells, and what of that goes to channels.',
      unit: 'ops',
      lines: {
        told: rate('relay_delay_seconds_count'),
        'to channels': rate('channel_log_appends_total'),
        'set aside': rate('relay_set_aside_total'),
      },
    },
    {
      title: 'Leading workers',
      description: 'Exactly one.',
      unit: 'none',
      lines: { leading: 'sum(relay_leader)' },
    },
    {
      title: 'Oldest job that is due',
      description: 'By queue; workers are added from 5 s on.',
      unit: 's',
      lines: { '{{queue}}': highest('queue_oldest_seconds', 'queue') },
    },
    {
      title: 'Jobs',
      description: 'That have not ended.',
      unit: 'none',
      lines: {
        '{{queue}} {{state}}':
          'max by (queue, state) (queue_jobs{state=~"waiting|active|delayed|blocked"}) > 0 or max by (queue, state) (queue_jobs{state="waiting"})',
      },
    },
    {
      title: 'Failed jobs that are kept',
      description: 'bun run desk queues retry <queue> gives them their attempts back.',
      unit: 'none',
      lines: { '{{queue}}': highest('queue_jobs{state="failed"}', 'queue') },
    },
    {
      title: 'Runs of jobs',
      description: 'By how they ended; a failed run may be tried again.',
      unit: 'ops',
      lines: { '{{name}} {{outcome}}': rate('job_duration_seconds_count', 'name, outcome') },
    },
    {
      title: 'How long jobs run',
      description: '99 % are faster.',
      unit: 's',
      lines: { '{{name}}': quantile(0.99, 'name', 'job_duration_seconds') },
    },
    {
      title: 'Jobs that wait for room',
      description: 'Of organisations that have as many in the queues as they may.',
      unit: 'none',
      lines: { held: highest('queue_held_jobs') },
    },
  ],
};
