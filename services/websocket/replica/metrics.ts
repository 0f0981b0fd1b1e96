import type { Metrics } from '@insightdesk/shared/monitoring';
import type { SocketServer } from '../server.ts';

type Stats = ReturnType<SocketServer['stats']>;

const levels: Partial<Record<keyof Stats, [name: string, help: string]>> = {
  sockets: ['realtime_sockets', 'Open sockets'],
  channels: ['realtime_channels', 'Channels with subscribers on this replica'],
  unauthenticated: [
    'realtime_unauthenticated_connections',
    'Connections that are not authenticated yet',
  ],
};

const totals: Partial<Record<keyof Stats, [name: string, help: string]>> = {
  delivered: ['realtime_deliveries_total', 'Events emitted to sockets'],
  catchUps: ['realtime_catch_ups_total', 'Channels read again after a gap'],
  resyncs: ['realtime_resyncs_total', 'Resyncs: clients of a channel had to refetch'],
  unchecked: ['realtime_unchecked_total', 'Sockets accepted while Valkey could not count them'],
};

export function registerSocketMetrics(metrics: Metrics, server: SocketServer): void {
  const read = (key: string) => () => server.stats()[key as keyof Stats];
  for (const [key, [name, help]] of Object.entries(levels)) {
    metrics.gauge({ name, help, read: read(key) });
  }
  for (const [key, [name, help]] of Object.entries(totals)) {
    metrics.counter({ name, help, read: read(key) });
  }
  metrics.histogram(
    { name: 'realtime_delay_seconds', help: 'Time from a change to the delivery of its event' },
    server.delays,
  );
  metrics.counter({
    name: 'realtime_rejections_total',
    help: 'Rejected connections, by reason',
    read: () => Array.from(server.rejections(), ([reason, count]) => [{ reason }, count] as const),
  });
}
