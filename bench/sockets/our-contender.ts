import { Channels, type Id } from '@insightdesk/shared/contract';
import { createDatabase } from '@insightdesk/shared/database';
import { userEvents } from '@insightdesk/shared/domain/identity/users';
import { type ChannelEntry, createChannelLog } from '@insightdesk/shared/realtime';
import { newId } from '@insightdesk/shared/utils';
import { createValkey } from '@insightdesk/shared/valkey';
import { readStack, register, serviceOf } from '../stack.ts';
import { now } from './child.ts';
import { eventData, type Side, TEXT_LENGTH } from './contender.ts';
import { createCommits } from './our-commits.ts';

export interface OurSide extends Side {
  /** Straight into the channel's log: what remains is the replica's share. */
  append(channel: string, count: number): Promise<number>;
  /** One event as `publish` does, timed from before its transaction begins. */
  transact(channel: string): Promise<number>;
}

const HISTORY = { historyLength: 1_000, historySeconds: 86_400 };

/** This system, as `npm start` runs it; events are recorded as actions do. */
export async function startOurs(organizations: number, textLength = TEXT_LENGTH): Promise<OurSide> {
  const stack = readStack();
  const accounts = await Promise.all(Array.from({ length: organizations }, register));
  const tenants = new Map<string, Id<'org'>>(
    accounts.map(({ organization: { id } }) => [Channels.organization(id), id] as const),
  );
  const database = createDatabase({
    // The administrator's way in, the application's rights: row-level security holds.
    url: `${stack.postgres}?role=insightdesk_app`,
    poolMin: 1,
    poolMax: 1,
    timeoutMs: 30_000,
    slowQueryMs: 30_000,
  });
  const valkey = createValkey(stack.valkey, { name: 'bench', role: 'command', onError: report });
  const log = createChannelLog(valkey, HISTORY);
  const data = eventData(textLength);
  const name = userEvents.memberJoined.name;
  const tenantOf = (channel: string) => {
    const tenantId = tenants.get(channel);
    if (!tenantId) throw new Error(`Not a channel of ours: ${channel}`);
    return tenantId;
  };
  const commits = createCommits(database, data);

  return {
    name: 'ours',
    pid: () => serviceOf('websocket').pid,
    targets() {
      const { url } = serviceOf('websocket');
      return accounts.map(({ organization, accessToken }) => {
        return { url, token: accessToken, channel: Channels.organization(organization.id) };
      });
    },
    publish(channel, count) {
      const tenantId = tenantOf(channel);
      return count === 1 ? commits.one(tenantId) : commits.many(tenantId, count);
    },
    transact: (channel) => commits.whole(tenantOf(channel)),
    async append(channel, count) {
      const at = new Date().toISOString();
      const tenantId = tenantOf(channel);
      const entries = Array.from({ length: count }, (): ChannelEntry => {
        return { id: newId('evt'), tenantId, channel, type: name, data, at };
      });
      const startedAt = now();
      await log.append(entries);
      return startedAt;
    },
    async stop() {
      await database.close();
      valkey.disconnect();
    },
  };
}

const report = (error: Error) => console.error(String(error));
