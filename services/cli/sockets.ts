import { type Id, isId } from '@insightdesk/shared/contract';
import { runAsOperator } from './operator.ts';

const USAGE = `Usage: desk sockets clients <organization id> <channel>
       desk sockets channels <organization id> <user id>
       desk sockets channels <socket id>`;

/** Lists the sockets of a channel, or the channels of a socket or a user, over all replicas. */
export async function listSockets([verb, ...words]: string[]): Promise<number> {
  const lines = await listLines(verb, words);
  if (!lines) {
    console.error(USAGE);
    return 2;
  }
  if (lines.length > 0) console.log(lines.join('\n'));
  return 0;
}

async function listLines(verb = '', words: string[]): Promise<string[] | undefined> {
  const [first = '', second] = words;
  if (verb === 'clients' && isId('org', first) && second) {
    return listClients(first, second);
  }
  if (verb !== 'channels' || !first) return undefined;
  if (words.length === 1) return listChannels({ socketId: first });
  if (isId('org', first) && isId('usr', second)) {
    return listChannels({ tenantId: first, userId: second });
  }
  return undefined;
}

const listChannels = (client: { socketId: string } | { tenantId: Id<'org'>; userId: Id<'usr'> }) =>
  runAsOperator(({ container }) => container.sockets.getClientChannels(client));

const listClients = (tenantId: Id<'org'>, channel: string) =>
  runAsOperator(async ({ container }) => {
    const clients = await container.sockets.getChannelClients({ tenantId, channel });
    return clients.map(({ socketId, userId }) => `${socketId}  ${userId}`);
  });
