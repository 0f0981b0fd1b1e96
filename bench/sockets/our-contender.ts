import { Channels, type Id } from '@insightdesk/shared/contract';
import { createDatabase } from '@insightdesk/shared/database';
import { userEvents } from '@insightdesk/shared/domain/identity/users';
import { type ChannelEntry, createChannelLog } from '@insightdesk/shared/realtime';
import { newId } from '@insightdesk/shared/utils';
import { createValkey } from '@insightdesk/shared/valkey';
import { readStack, register, serviceOf } from '../stack.ts';
import { now } from './child.ts';
import { createEventData, type Side, TEXT_LENGTH } from './contender.ts';
import { createEventPublisher } from './our-commits.ts';

export interface OurSide extends Side {
  /** Appends events to the log of a channel, to measure the replica without outbox and relay. */
  append(channel: string, count: number): Promise<number>;
  /** Publishes one event; measured from the start of its transaction. */
  publishInTransaction(channel: string): Promise<number>;
}

const HISTORY = { historyLength: 1_000, historySeconds: 86_400 };

/** Our system as `npm start` runs it. Events are recorded like in actions. */
export async function startOurs(organizations: number, textLength = TEXT_LENGTH): Promise<OurSide> {
  const stack = readStack();
  const accounts = await Promise.all(Array.from({ length: organizations }, register));
  const tenants = new Map<string, Id<'org'>>(
    accounts.map(({ organization: { id } }) => [Channels.organization(id), id] as const),
  );
  const database = createDatabase({
    // The login of the administrator with the role of the application, so that row-level security applies.
    url: `${stack.postgres}?role=insightdesk_app`,
    readers: 1,
    writers: 1,
    timeoutMs: 30_000,
    slowQueryMs: 30_000,
  });
  const valkey = createValkey(stack.valkey, { name: 'bench', role: 'command', onError: report });
  const log = createChannelLog(valkey, HISTORY);
  const data = createEventData(textLength);
  const name = userEvents.memberJoined.name;
  const tenantOf = (channel: string) => {
    const tenantId = tenants.get(channel);
    if (!tenantId) throw new Error(`Unknown channel ${channel}`);
    return tenantId;
  };
  const publisher = createEventPublisher(database, data);

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
      return count === 1 ? publisher.publishOne(tenantId) : publisher.publishMany(tenantId, count);
    },
    publishInTransaction: (channel) => publisher.publishInTransaction(tenantOf(channel)),
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
