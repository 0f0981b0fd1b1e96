import type { Metrics } from '@insightdesk/shared/monitoring';
import type { SocketServer } from '../server.ts';

type Figures = ReturnType<SocketServer['figures']>;

const levels: Partial<Record<keyof Figures, [name: string, help: string]>> = {
  sockets: ['realtime_sockets', 'Open sockets'],
  channels: ['realtime_channels', 'Channels that somebody here listens to'],
  strangers: ['realtime_strangers', 'Connections that have not said who they are'],
};

const totals: Partial<Record<keyof Figures, [name: string, help: string]>> = {
  delivered: ['realtime_deliveries_total', 'Events that were handed to sockets'],
  catchUps: ['realtime_catch_ups_total', 'Times that a channel was read again after a gap'],
  resyncs: ['realtime_resyncs_total', 'Times that clients were told to begin anew'],
  unchecked: ['realtime_unchecked_total', 'Sockets let in while Valkey could not count them'],
};

/** Shows open sockets and what became of the events. */
export function watchSockets(metrics: Metrics, server: SocketServer): void {
  const read = (key: string) => () => server.figures()[key as keyof Figures];
  for (const [key, [name, help]] of Object.entries(levels)) {
    metrics.level({ name, help, read: read(key) });
  }
  for (const [key, [name, help]] of Object.entries(totals)) {
    metrics.total({ name, help, read: read(key) });
  }
  metrics.durations(
    { name: 'realtime_delay_seconds', help: 'From a change until its event is with the sockets' },
    server.delays,
  );
  metrics.total({
    name: 'realtime_refusals_total',
    help: 'Connections that were turned away, by reason',
    read: () => Array.from(server.refusals(), ([reason, count]) => [{ reason }, count] as const),
  });
}
