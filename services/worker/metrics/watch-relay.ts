import type { App } from '@insightdesk/shared/boot';
import { PoisonEventError, type RelayOptions, readOutboxLag } from '@insightdesk/shared/events';
import { reuse } from '@insightdesk/shared/monitoring';
import type { ChannelLog } from '@insightdesk/shared/realtime';
import { Durations } from '@insightdesk/shared/utils';

const REUSE_MS = 1_000;

type Dispatch = RelayOptions['dispatch'];

/** Shows how far the relay is behind, and counts what goes through it. */
export function watchRelay({ metrics, parts }: Pick<App, 'metrics' | 'parts'>) {
  const counts = { appended: 0, refused: 0, setAside: 0 };
  const delays = new Durations({ rest: {} });
  const lag = reuse(REUSE_MS, () => readOutboxLag(parts.database));
  metrics.level({
    name: 'relay_waiting_events',
    help: 'Events that were recorded and are not told yet, up to 10,000',
    read: async () => (await lag()).waiting,
  });
  metrics.level({
    name: 'relay_lag_seconds',
    help: 'How long the first of them has been waiting',
    read: async () => (await lag()).seconds,
  });
  const total = (name: string, help: string, key: keyof typeof counts) =>
    metrics.total({ name, help, read: () => counts[key] });
  total('relay_set_aside_total', 'Events that could not be told', 'setAside');
  total('channel_log_appends_total', 'Entries written to channel logs', 'appended');
  total('channel_log_failures_total', 'Batches that a channel log refused', 'refused');
  metrics.durations(
    { name: 'relay_delay_seconds', help: 'From the beginning of its transaction until it is told' },
    delays,
  );
  return {
    appending(log: ChannelLog): Pick<ChannelLog, 'append'> {
      return {
        async append(entries) {
          try {
            const places = await log.append(entries);
            counts.appended += places.filter(({ isKnown }) => !isKnown).length;
            return places;
          } catch (error) {
            counts.refused++;
            throw error;
          }
        },
      };
    },
    telling(dispatch: Dispatch): Dispatch {
      return async (events, told) => {
        const observe = () => {
          const now = Date.now();
          for (const { at } of events) {
            delays.observe(Math.max(0, now - Date.parse(at)) / 1_000, 'told', () => ({}));
          }
          return told();
        };
        try {
          return await dispatch(events, observe);
        } catch (error) {
          if (error instanceof PoisonEventError) counts.setAside++;
          throw error;
        }
      };
    },
    leads: (isLeader: () => boolean) =>
      metrics.level({
        name: 'relay_leader',
        help: '1 on the worker whose relay is at work',
        read: () => Number(isLeader()),
      }),
  };
}
