import { Gauge, type Metrics } from '@insightdesk/shared/monitoring';
import type { SocketServer } from '../server.ts';

/** Shows open sockets and what became of the events, read when they are asked for. */
export function watchSockets(registry: Metrics, server: SocketServer): void {
  new Gauge({
    name: 'realtime_refusals',
    help: 'Connections that were turned away since start, by reason',
    labelNames: ['reason'],
    registers: [registry],
    collect() {
      for (const [reason, count] of server.refusals()) this.set({ reason }, count);
    },
  });
  new Gauge({
    name: 'realtime_figures',
    help: 'Open sockets and channels; deliveries, catch-ups, resyncs and unchecked sockets since start',
    labelNames: ['figure'],
    registers: [registry],
    collect() {
      for (const [figure, value] of Object.entries(server.figures())) this.set({ figure }, value);
    },
  });
}
