import { type Dashboard, highest, quantile, rate } from './panels.ts';

const statements = 'database_statement_duration_seconds';

export const stores: Dashboard = {
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
