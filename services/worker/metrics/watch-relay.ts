import type { App } from '@insightdesk/shared/boot';
import {
  type RelayOptions,
  readOutboxLag,
  UnprocessableEventError,
} from '@insightdesk/shared/events';
import { cacheResult } from '@insightdesk/shared/monitoring';
import { type ChannelLog, readLogUsage } from '@insightdesk/shared/realtime';
import { Histogram } from '@insightdesk/shared/utils';

const REUSE_MS = 1_000;

type Dispatch = RelayOptions['dispatch'];

/** Metrics of the relay: its lag, and what it has dispatched. */
export function watchRelay({ metrics, container }: Pick<App, 'metrics' | 'container'>) {
  const counts = { appended: 0, failedAppends: 0, deadLettered: 0 };
  const delays = new Histogram({ overflowLabels: {} });
  const lag = cacheResult(REUSE_MS, () => readOutboxLag(container.database));
  metrics.gauge({
    name: 'relay_waiting_events',
    help: 'Recorded events that are not relayed yet, up to 10,000',
    read: async () => (await lag()).waiting,
  });
  metrics.gauge({
    name: 'relay_lag_seconds',
    help: 'Age of the oldest event that is not relayed yet',
    read: async () => (await lag()).seconds,
  });
  metrics.gauge({
    name: 'channel_log_bytes',
    help: 'Bytes in the channel logs of all organizations',
    read: () => readLogUsage(container.valkey),
  });
  metrics.gauge({
    name: 'channel_log_limit_bytes',
    help: 'Limit of all channel logs; the largest organization loses history above it',
    read: () => container.channelHistory.totalBytes(),
  });
  const total = (name: string, help: string, key: keyof typeof counts) =>
    metrics.counter({ name, help, read: () => counts[key] });
  total('relay_dead_letters_total', 'Events that could not be dispatched', 'deadLettered');
  total('channel_log_appends_total', 'Entries written to channel logs', 'appended');
  total('channel_log_failures_total', 'Failed writes to channel logs', 'failedAppends');
  metrics.histogram(
    { name: 'relay_delay_seconds', help: 'From the start of the transaction to publication' },
    delays,
  );
  return {
    watchLog(log: ChannelLog): Pick<ChannelLog, 'append'> {
      return {
        async append(entries) {
          try {
            const results = await log.append(entries);
            counts.appended += results.filter(({ isDuplicate }) => !isDuplicate).length;
            return results;
          } catch (error) {
            counts.failedAppends++;
            throw error;
          }
        },
      };
    },
    watchDispatch(dispatch: Dispatch): Dispatch {
      return async (events, onPublished) => {
        const observe = () => {
          const now = Date.now();
          for (const { at } of events) {
            delays.observe(Math.max(0, now - Date.parse(at)) / 1_000, 'published', () => ({}));
          }
          return onPublished();
        };
        try {
          return await dispatch(events, observe);
        } catch (error) {
          if (error instanceof UnprocessableEventError) counts.deadLettered++;
          throw error;
        }
      };
    },
    watchLeader: (isLeader: () => boolean) =>
      metrics.gauge({
        name: 'relay_leader',
        help: '1 on the worker with the leading relay',
        read: () => Number(isLeader()),
      }),
  };
}
