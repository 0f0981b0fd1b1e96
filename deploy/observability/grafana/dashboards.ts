/** What one picture shows: a query for each line, by what its legend says. */
export interface Panel {
  title: string;
  /** What is normal, and what the picture is for. */
  description: string;
  /** As Grafana calls it. */
  unit: 'short' | 's' | 'bytes' | 'reqps' | 'ops' | 'percentunit' | 'none';
  lines: Readonly<Record<string, string>>;
}

export interface Dashboard {
  uid: string;
  title: string;
  panels: readonly Panel[];
}

const quantile = (q: number, by: string, metric: string) =>
  `histogram_quantile(${q}, sum by (${['le', by].filter(Boolean).join(', ')}) (rate(${metric}_bucket[$__rate_interval])))`;
const rate = (metric: string, by = '') =>
  `sum ${by ? `by (${by}) ` : ''}(rate(${metric}[$__rate_interval]))`;
const highest = (metric: string, by = '') => `max ${by ? `by (${by}) ` : ''}(${metric})`;

const requests = 'http_request_duration_seconds';
const statements = 'database_statement_duration_seconds';

const overview: Dashboard = {
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

const stores: Dashboard = {
  uid: 'insightdesk-stores',
  title: 'InsightDesk: PostgreSQL, Valkey, cache',
  panels: [
    {
      title: 'Statements',
      description: 'The ten that are sent most.',
      unit: 'ops',
      lines: { '{{statement}}': `topk(10, ${rate(`${statements}_count`, 'statement')})` },
    },
    {
      title: 'Slowest statements',
      description: '99 % are faster; from being issued to the answer.',
      unit: 's',
      lines: { '{{statement}}': `topk(10, ${quantile(0.99, 'statement', statements)})` },
    },
    {
      title: 'Where the time goes',
      description: 'Seconds of waiting for answers, a second.',
      unit: 'none',
      lines: { '{{statement}}': `topk(10, ${rate(`${statements}_sum`, 'statement')})` },
    },
    {
      title: 'Failed statements',
      description: 'A duplicate counts too; what is normal stays small.',
      unit: 'ops',
      lines: {
        '{{statement}}': `topk(10, ${rate('database_statement_errors_total', 'statement')})`,
      },
    },
    {
      title: 'Busy connections',
      description: 'Of reads, several share one.',
      unit: 'none',
      lines: {
        '{{login}} {{pool}}': 'sum by (login, pool) (database_pool_busy)',
        'may be: {{login}} {{pool}}': 'sum by (login, pool) (database_pool_size)',
      },
    },
    {
      title: 'Waiting for a connection',
      description: '0 is normal; alert DatabaseWaits begins at 1 s.',
      unit: 's',
      lines: {
        'oldest: {{replica}}': highest('database_oldest_wait_seconds', 'replica'),
        'all, a second: {{replica}}': rate('database_wait_seconds_total', 'replica'),
      },
    },
    {
      title: 'Transactions',
      description: 'Those tried again met a conflict or a lost connection.',
      unit: 'ops',
      lines: {
        all: rate('database_transactions_total'),
        'tried again': rate('database_retries_total'),
        'slow statements': rate('database_slow_statements_total'),
      },
    },
    {
      title: 'PostgreSQL',
      description: 'Connections of everybody, and how many it takes.',
      unit: 'none',
      lines: {
        connections: highest('postgres_connections'),
        'may be': highest('postgres_max_connections'),
      },
    },
    {
      title: 'Size of the database',
      description: 'On disk.',
      unit: 'bytes',
      lines: { size: highest('postgres_size_bytes') },
    },
    {
      title: 'Memory of Valkey',
      description: 'Alert ValkeyNearlyFull begins at 85 % of what it may use.',
      unit: 'bytes',
      lines: {
        '{{server}}': highest('valkey_memory_bytes', 'server'),
        'may be: {{server}}': highest('valkey_memory_limit_bytes', 'server'),
      },
    },
    {
      title: 'Commands of Valkey',
      description: 'Of all clients.',
      unit: 'ops',
      lines: { '{{server}}': 'max by (server) (rate(valkey_commands_total[$__rate_interval]))' },
    },
    {
      title: 'Cache',
      description: 'Stale: the value had expired, and nothing else was there.',
      unit: 'ops',
      lines: { '{{outcome}}': rate('cache_requests_total', 'outcome') },
    },
  ],
};

const flow: Dashboard = {
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

const realtime: Dashboard = {
  uid: 'insightdesk-realtime',
  title: 'InsightDesk: realtime',
  panels: [
    {
      title: 'Open sockets',
      description: 'By replica; nginx spreads them evenly.',
      unit: 'none',
      lines: { '{{replica}}': highest('realtime_sockets', 'replica') },
    },
    {
      title: 'Channels',
      description: 'That somebody listens to, by replica.',
      unit: 'none',
      lines: { '{{replica}}': highest('realtime_channels', 'replica') },
    },
    {
      title: 'Deliveries',
      description: 'Events handed to sockets.',
      unit: 'ops',
      lines: { '{{replica}}': rate('realtime_deliveries_total', 'replica') },
    },
    {
      title: 'Gaps',
      description: 'Caught up: read from the log. Anew: clients fetch; rare.',
      unit: 'ops',
      lines: {
        'caught up': rate('realtime_catch_ups_total'),
        anew: rate('realtime_resyncs_total'),
      },
    },
    {
      title: 'Turned away',
      description: 'Connections, by reason.',
      unit: 'ops',
      lines: { '{{reason}}': rate('realtime_refusals_total', 'reason') },
    },
    {
      title: 'Not counted, not known',
      description: 'Let in while Valkey could not count; connected without saying who they are.',
      unit: 'none',
      lines: {
        'not counted, a second': rate('realtime_unchecked_total'),
        strangers: 'sum(realtime_strangers)',
      },
    },
  ],
};

const processes: Dashboard = {
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

export const dashboards = [overview, stores, flow, realtime, processes, organizations];
