import { withTimeout } from '@insightdesk/shared/promises';

/** What was looked at, what was found, and how to mend it when it is wrong. */
export interface Finding {
  name: string;
  found: string;
  fix?: string;
  /** It works as it is; only what has a fix can be one. */
  isWarning?: boolean;
}

export const isFault = ({ fix, isWarning }: Finding) => fix !== undefined && !isWarning;
export const isWarning = (finding: Finding) => finding.fix !== undefined && !isFault(finding);

/** A check that ends: what it finds, or why nothing could be found out, which is a fault itself. */
export async function look(
  name: string,
  work: () => Promise<Finding[]>,
  { fix, timeoutMs = 15_000 }: { fix: string; timeoutMs?: number },
): Promise<Finding[]> {
  try {
    return await withTimeout(work, timeoutMs);
  } catch (error) {
    return [{ name, found: (error as Error).message, fix }];
  }
}

/** How far a clock is from ours, in ms, as sure as its answer allows. */
export function judgeClock(
  name: string,
  { theirs, askedAt, answeredAt }: { theirs: number; askedAt: number; answeredAt: number },
): Finding {
  const unsure = (answeredAt - askedAt) / 2;
  const off = theirs - (askedAt + unsure);
  const sure = Math.max(0, Math.abs(off) - unsure);
  const found = `${Math.round(off)} ms from ours, give or take ${Math.ceil(unsure)}`;
  const fix = 'let both machines keep time with NTP: sign-ins, links and schedules go by the clock';
  return { name, found, ...(sure > MAX_SKEW_MS && { fix }) };
}

const MAX_SKEW_MS = 2_000;
