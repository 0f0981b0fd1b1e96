import { withTimeout } from '@insightdesk/shared/promises';

/** What was looked at, what was found, and how to mend it when it is wrong. */
export interface Diagnostic {
  name: string;
  found: string;
  fix?: string;
  /** It works as it is; only what has a fix can be one. */
  isWarning?: boolean;
}

/** A diagnostic that is an error, or a warning, if there is something to fix. */
export const diagnose = (
  name: string,
  found: string,
  fix?: string | false | undefined,
  isWarning = false,
): Diagnostic => ({ name, found, ...(fix && { fix, ...(isWarning && { isWarning }) }) });

export const isError = ({ fix, isWarning }: Diagnostic) => fix !== undefined && !isWarning;
export const isWarning = (finding: Diagnostic) => finding.fix !== undefined && !isError(finding);

/** A check that ends: what it finds, or why nothing could be found out, which is a fault itself. */
export async function runCheck(
  name: string,
  work: () => Promise<Diagnostic[]>,
  { fix, timeoutMs = 15_000 }: { fix: string; timeoutMs?: number },
): Promise<Diagnostic[]> {
  try {
    return await withTimeout(work, timeoutMs);
  } catch (error) {
    return [{ name, found: (error as Error).message, fix }];
  }
}

/** How far a clock is from ours, in ms, as sure as its answer allows. */
export function compareClock(
  name: string,
  { theirs, askedAt, answeredAt }: { theirs: number; askedAt: number; answeredAt: number },
): Diagnostic {
  const uncertaintyMs = (answeredAt - askedAt) / 2;
  const offsetMs = theirs - (askedAt + uncertaintyMs);
  const certainMs = Math.max(0, Math.abs(offsetMs) - uncertaintyMs);
  const found = `${Math.round(offsetMs)} ms from ours, give or take ${Math.ceil(uncertaintyMs)}`;
  const fix = 'let both machines keep time with NTP: sign-ins, links and schedules go by the clock';
  return diagnose(name, found, certainMs > MAX_SKEW_MS && fix);
}

const MAX_SKEW_MS = 2_000;
