import { type Dashboard, highest, quantile, rate } from './panels.ts';

export const realtime: Dashboard = {
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
      title: 'From the change to the sockets',
      description: 'What people wait for; alert EventsLate begins at 5 s.',
      unit: 's',
      lines: {
        median: quantile(0.5, '', 'realtime_delay_seconds'),
        '99 %': quantile(0.99, '', 'realtime_delay_seconds'),
      },
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
