import type {
  Effects,
  EffectsOf,
  RecordedEvent,
  RelayedEvent,
  RelayOptions,
} from '@insightdesk/shared/events';
import type { DataLossDetector, JobRequest, ParkedJobs, Queues } from '@insightdesk/shared/jobs';
import type { Logger } from '@insightdesk/shared/logging';
import type { ChannelRebuild, PositionedEntry } from '@insightdesk/shared/realtime';

interface RebuildOptions {
  channels: ChannelRebuild;
  dataLoss: DataLossDetector;
  queues: Pick<Queues, 'enqueue'>;
  parkedJobs?: Pick<ParkedJobs, 'parkAgain'>;
  historySeconds: number;
  log: Logger;
}

type ReadRelayed = Parameters<NonNullable<RelayOptions['prepare']>>[0];

/** Rebuilding more would take longer than a full refetch by the clients. */
const MAX_EVENTS = 10_000;
const MAX_CHANNEL_BYTES = 32 * 1024 * 1024;
const DAY_SECONDS = 86_400;
const JOBS_PER_CALL = 500;

/**
 * Detects that Valkey lost data and rebuilds it from relayed events: channel logs at their former
 * positions, so that positions of clients stay valid, and jobs under their ids, so that remaining
 * ones are not duplicated.
 */
export function createRebuild(
  effectsOf: EffectsOf<JobRequest>,
  { channels, dataLoss, queues, parkedJobs, historySeconds, log }: RebuildOptions,
): NonNullable<RelayOptions['prepare']> {
  return async (readRelayed) => {
    await Promise.all([rebuildChannels(readRelayed), rebuildJobs(readRelayed)]);
  };

  async function rebuildChannels(readRelayed: ReadRelayed) {
    // When Valkey is unavailable, dispatch fails and reports it.
    if (await channels.isComplete().catch(() => true)) return;
    const entries: PositionedEntry[] = [];
    let events = 0;
    let bytes = 0;
    for await (const page of readRelayed({ limit: MAX_EVENTS, seconds: historySeconds })) {
      entries.push(...page.flatMap(entriesOf));
      events += page.length;
      bytes += Buffer.byteLength(JSON.stringify(page));
      if (bytes > MAX_CHANNEL_BYTES) break;
    }
    const count = await channels.rebuild(entries);
    // After a normal start of an empty or unchanged Valkey there is nothing to restore.
    if (count === 0) return;
    log.warn({ events, channels: count }, 'channel logs: rebuilt from the outbox');
  }

  async function rebuildJobs(readRelayed: ReadRelayed) {
    const since = await dataLoss.lostSince().catch(() => undefined);
    if (!since) return;
    await parkedJobs?.parkAgain(since);
    const age = (Date.now() - since.getTime()) / 1_000;
    const seconds = Math.min(DAY_SECONDS, Math.ceil(age));
    const lost: JobRequest[] = [];
    let events = 0;
    for await (const page of readRelayed({ limit: MAX_EVENTS, seconds })) {
      lost.push(...page.flatMap((event) => findEffects(event)?.enqueue.toReversed() ?? []));
      events += page.length;
    }
    lost.reverse();
    for (let n = 0; n < lost.length; n += JOBS_PER_CALL) {
      await queues.enqueue(lost.slice(n, n + JOBS_PER_CALL));
    }
    await dataLoss.mark();
    if (lost.length === 0) return;
    log.info({ events, jobs: lost.length }, 'jobs: rebuilt from the outbox');
  }

  function entriesOf(event: RelayedEvent): PositionedEntry[] {
    const { tenantId, id, at, logPositions } = event;
    return (findEffects(event)?.publish ?? []).flatMap((publication) => {
      const [epoch, offset] = logPositions[publication.channel] ?? [];
      if (epoch === undefined || offset === undefined) return [];
      return { ...publication, tenantId, id, at, epoch, offset };
    });
  }

  // An event that no longer matches its definition leaves a gap, which clients detect.
  function findEffects(event: RecordedEvent): Effects<JobRequest> | undefined {
    try {
      return effectsOf(event);
    } catch {
      return undefined;
    }
  }
}
