import type { Context } from '@insightdesk/shared/context';
import { ipPrefix } from '@insightdesk/shared/utils';

const MAX_USER_AGENT_LENGTH = 300;

/** The client of a sign-in or refresh, as its session stores it. */
export interface Device {
  ip: string | null;
  userAgent: string | null;
}

export const deviceOf = ({ ip, userAgent }: Pick<Context, 'ip' | 'userAgent'>): Device => ({
  ip: ip ?? null,
  userAgent: userAgent?.slice(0, MAX_USER_AGENT_LENGTH).toWellFormed() ?? null,
});

/** The same user agent in the same network (IPv4 address, or IPv6 /64). */
export const isSameDevice = (one: Device, other: Device): boolean =>
  one.userAgent === other.userAgent && ipPrefix(one.ip ?? '') === ipPrefix(other.ip ?? '');
