import { parseArgs } from 'node:util';
import { isId } from '@insightdesk/shared/contract';
import { type ReconcileReport, reconcileFiles } from '@insightdesk/shared/domain/desk/attachments';
import { operatorContext, runAsOperator } from './operator.ts';

const USAGE = `Usage: desk files check [--organization <id>] [--older-than <minutes>] [--checksums]
       desk files collect [--organization <id>] [--older-than <minutes>]`;

/** Younger files may belong to an upload in progress. */
const DEFAULT_MINUTES = 120;
const MAX_SHOWN = 20;

/** Reconciles stored files with the database; `check` only reports what `collect` would do. */
export async function manageFiles([verb, ...args]: string[]): Promise<number> {
  const wanted = parseOptions(args);
  if ((verb !== 'check' && verb !== 'collect') || !wanted) {
    console.error(USAGE);
    return 2;
  }
  const isDryRun = verb === 'check';
  const report = await runAsOperator(async (app) => {
    const ctx = operatorContext(app, undefined);
    const signal = new AbortController().signal;
    return reconcileFiles(ctx, { ...wanted, isDryRun, signal });
  });
  for (const line of describe(report, isDryRun)) console.log(line);
  const { orphans, missing, damaged } = report;
  return damaged.length + (isDryRun ? orphans.files + missing.length : 0) > 0 ? 1 : 0;
}

function parseOptions(args: string[]) {
  const text = { type: 'string' } as const;
  const options = {
    organization: text,
    'older-than': text,
    checksums: { type: 'boolean' },
  } as const;
  try {
    const { values } = parseArgs({ args, options });
    const {
      organization,
      checksums = false,
      'older-than': minutes = String(DEFAULT_MINUTES),
    } = values;
    if (!/^\d{1,6}$/.test(minutes)) return undefined;
    const reconcile = { minAgeMs: Number(minutes) * 60_000, withChecksums: checksums };
    if (organization === undefined) return { ...reconcile, tenantId: undefined };
    return isId('org', organization) ? { ...reconcile, tenantId: organization } : undefined;
  } catch {
    return undefined;
  }
}

function* describe(
  { organizations, files, orphans, missing, damaged }: ReconcileReport,
  isDryRun: boolean,
) {
  yield `${files} files of ${organizations} organizations`;
  const done = (past: string) => (isDryRun ? `would be ${past}` : past);
  yield `  without a row: ${orphans.files} files, ${orphans.bytes} bytes, ${done('deleted')}`;
  yield `  rows without a file: ${missing.length} attachments, ${done('rejected')}`;
  yield* listIds(missing);
  yield `  checksum mismatch: ${damaged.length} attachments`;
  yield* listIds(damaged);
}

function* listIds(ids: readonly string[]) {
  for (const id of ids.slice(0, MAX_SHOWN)) yield `    ${id}`;
  if (ids.length > MAX_SHOWN) yield `    and ${ids.length - MAX_SHOWN} more`;
}
