import { type Dashboard, highest, quantile, rate } from './panels.ts';

const requests = 'http_request_duration_seconds';

export const overview: Dashboard = {
  uid: 'insightdesk-overview',
  title: 'InsightDesk: overview',
  panels: [
    {
      title: 'Services that answer',
      description: 'Two of each, and one to three workers.',
      unit: 'none',
      lines: { '{{job}}': 'sum by (job) (up{job=~"api|websocket|worker"})' },
    },
    {
      title: 'Dependencies',
      description: '1 is healthy. The lowest of all who ask.',
      unit: 'none',
      lines: { '{{dependency}}': 'min by (dependency) (dependency_healthy)' },
    },
    {
      title: 'Requests',
      description: 'By status. 5xx and a wall of 429 want a look.',
      unit: 'reqps',
      lines: { '{{status}}': rate(`${requests}_count`, 'status') },
    },
    {
      title: 'Share of failed requests',
      description: '0 is normal; alert RequestsFail begins at 2 %.',
      unit: 'percentunit',
      lines: {
        failed: `(sum(rate(${requests}_count{status=~"5.."}[$__rate_interval])) or vector(0)) / sum(rate(${requests}_count[$__rate_interval]))`,
      },
    },
    {
      title: 'How long requests take',
      description: 'To the head of the answer.',
      unit: 's',
      lines: {
        median: quantile(0.5, '', requests),
        '90 %': quantile(0.9, '', requests),
        '99 %': quantile(0.99, '', requests),
      },
    },
    {
      title: 'Busiest routes',
      description: 'Requests by route pattern.',
      unit: 'reqps',
      lines: { '{{method}} {{route}}': `topk(10, ${rate(`${requests}_count`, 'method, route')})` },
    },
    {
      title: 'Slowest routes',
      description: '99 % are faster.',
      unit: 's',
      lines: { '{{method}} {{route}}': `topk(10, ${quantile(0.99, 'method, route', requests)})` },
    },
    {
      title: 'Requests turned away',
      description: '1 while a process has more to do than it can.',
      unit: 'none',
      lines: { '{{replica}}': highest('load_shedding', 'replica') },
    },
  ],
};
