import type { JobOwner, QueueName } from './define-job.ts';

/** Divides the owner of a job from what tells its jobs apart. */
const DIVIDER = '~';

/** What a job is called by those who asked for it. */
export interface JobKey {
  tenantId: JobOwner;
  id: string;
}

/** How BullMQ knows a job: its owner can be read from the id, without the payload. */
export const bullId = ({ tenantId, id }: JobKey): string => `${tenantId}${DIVIDER}${id}`;

/** The owner and the id of a job that BullMQ knows under this id. */
export function parseBullId(text: string): JobKey {
  const at = text.indexOf(DIVIDER);
  return { tenantId: text.slice(0, at) as JobOwner, id: text.slice(at + 1) };
}

/** Where BullMQ keeps a job: `prefix:queue:id`. */
export const jobKey = (prefix: string, queue: QueueName, key: JobKey): string =>
  `${prefix}:${queue}:${bullId(key)}`;

/** The queue, the owner and the id of the job that is kept there. */
export function parseJobKey(key: string): JobKey & OwnJob {
  const [queue, id = ''] = key.split(':').slice(-2);
  return { queue: queue as QueueName, ...parseBullId(id) };
}

/** A job among those of its owner; the text in which it is remembered. */
export interface OwnJob {
  queue: QueueName;
  id: string;
}

export const memberOf = ({ queue, id }: OwnJob): string => `${queue} ${id}`;

export function parseMember(member: string): OwnJob {
  const at = member.indexOf(' ');
  return { queue: member.slice(0, at) as QueueName, id: member.slice(at + 1) };
}

/** The same in the scripts that run in Valkey, of what they call these things. */
export const lua = {
  bullId: (owner: string, id: string) => `${owner} .. '${DIVIDER}' .. ${id}`,
  ownerOf: (bullId: string) => `string.match(${bullId}, '^[^${DIVIDER}]*')`,
  jobKey: (prefix: string, queue: string, bullId: string) =>
    `${prefix} .. ':' .. ${queue} .. ':' .. ${bullId}`,
  parseMember: (member: string) => `string.match(${member}, '^(%S+) (.*)$')`,
};
