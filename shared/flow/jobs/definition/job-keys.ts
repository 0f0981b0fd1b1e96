import type { JobOwner, QueueName } from './define-job.ts';

const SEPARATOR = '~';

/** A job by its tenant and the id that its request has. */
export interface JobKey {
  tenantId: JobOwner;
  id: string;
}

/** A job of one tenant by its queue and id. */
export interface JobRef {
  queue: QueueName;
  id: string;
}

/** The id of a job in BullMQ, which starts with its tenant. */
export const bullId = ({ tenantId, id }: JobKey): string => `${tenantId}${SEPARATOR}${id}`;

export function parseBullId(text: string): JobKey {
  const at = text.indexOf(SEPARATOR);
  return { tenantId: text.slice(0, at) as JobOwner, id: text.slice(at + 1) };
}

/** The key of a job in Valkey: `prefix:queue:id`. */
export const jobKey = (prefix: string, queue: QueueName, key: JobKey): string =>
  `${prefix}:${queue}:${bullId(key)}`;

export function parseJobKey(key: string): JobKey & JobRef {
  const [queue, id = ''] = key.split(':').slice(-2);
  return { queue: queue as QueueName, ...parseBullId(id) };
}

/** The text of a job in the index and the usage of its tenant. */
export const indexMember = ({ queue, id }: JobRef): string => `${queue} ${id}`;

export function parseIndexMember(member: string): JobRef {
  const at = member.indexOf(' ');
  return { queue: member.slice(0, at) as QueueName, id: member.slice(at + 1) };
}

/** The same as Lua expressions over the given variables. */
export const lua = {
  bullId: (owner: string, id: string) => `${owner} .. '${SEPARATOR}' .. ${id}`,
  ownerOf: (bullId: string) => `string.match(${bullId}, '^[^${SEPARATOR}]*')`,
  jobKey: (prefix: string, queue: string, bullId: string) =>
    `${prefix} .. ':' .. ${queue} .. ':' .. ${bullId}`,
  parseIndexMember: (member: string) => `string.match(${member}, '^(%S+) (.*)$')`,
};
