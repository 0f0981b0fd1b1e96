import { flow } from './flow.ts';
import { overview } from './overview.ts';
import type { Dashboard } from './panels.ts';
import { processes } from './processes.ts';
import { realtime } from './realtime.ts';
import { stores } from './stores.ts';

const usage = (counter: string) =>
  `topk(20, max by (organization) (organization_usage{counter="${counter}"}))`;

const organizations: Dashboard = {
  uid: 'insightdesk-organizations',
  title: 'InsightDesk: organisations',
  panels: (
    [
      ['requests', 'Requests today', 'short'],
      ['events', 'Events today', 'short'],
      ['jobs', 'Jobs today', 'short'],
      ['socket-connections', 'Connections of sockets today', 'short'],
      ['stored-bytes', 'Stored', 'bytes'],
      ['log-bytes', 'Channel logs', 'bytes'],
    ] as const
  ).map(([counter, title, unit]) => ({
    title,
    description: 'The twenty organisations with most; days are UTC.',
    unit,
    lines: { '{{organization}}': usage(counter) },
  })),
};

/** What is shown, in this order. */
export const dashboards: readonly Dashboard[] = [
  overview,
  stores,
  flow,
  realtime,
  processes,
  organizations,
];
