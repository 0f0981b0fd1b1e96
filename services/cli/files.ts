import { parseArgs } from 'node:util';
import { runCommand } from '@insightdesk/shared/boot';
import { isId } from '@insightdesk/shared/contract';
import {
  collectUnclaimed,
  type SweepReport,
  sweepFiles,
} from '@insightdesk/shared/domain/desk/attachments';
import { operatorContext } from './operator-context.ts';
import { surroundings } from './operator-environment.ts';

const USAGE = `Usage: bun run desk files check [--organization <id>] [--older-than <minutes>] [--checksums]
       bun run desk files collect [--organization <id>] [--older-than <minutes>]`;

/** What is younger may be under way. */
const USUAL_MINUTES = 120;
const SHOWN = 20;

/**
 * Compares storage with the database, both ways: `check` only says what `collect` would do. Before,
 * for all organisations, `collect` gives up what has run out, as happens every hour.
 */
export async function manageFiles([verb, ...args]: string[]): Promise<number> {
  const wanted = read(args);
  if ((verb !== 'check' && verb !== 'collect') || !wanted) {
    console.error(USAGE);
    return 2;
  }
  const isDry = verb === 'check';
  const report = await runCommand(
    'desk',
    async (app) => {
      const ctx = operatorContext(app, undefined);
      const signal = new AbortController().signal;
      if (!isDry && !wanted.tenantId) await collectUnclaimed(ctx, {}, { signal });
      return sweepFiles(ctx, { ...wanted, isDry, signal });
    },
    await surroundings(),
  );
  for (const line of describe(report, isDry)) console.log(line);
  const { orphans, missing, damaged } = report;
  return damaged.length + (isDry ? orphans.files + missing.length : 0) > 0 ? 1 : 0;
}

function read(args: string[]) {
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
      'older-than': minutes = String(USUAL_MINUTES),
    } = values;
    if (!/^\d{1,6}$/.test(minutes)) return undefined;
    const sweep = { minAgeMs: Number(minutes) * 60_000, withChecksums: checksums };
    if (organization === undefined) return { ...sweep, tenantId: undefined };
    return isId('org', organization) ? { ...sweep, tenantId: organization } : undefined;
  } catch {
    return undefined;
  }
}

function* describe(
  { organizations, files, orphans, missing, damaged }: SweepReport,
  isDry: boolean,
) {
  yield `${files} files of ${organizations} organisations`;
  const done = (past: string) => (isDry ? `would be ${past}` : past);
  yield `  without a row: ${orphans.files} files, ${orphans.bytes} bytes, ${done('deleted')}`;
  yield `  without their file: ${missing.length} attachments, ${done('rejected')}`;
  yield* named(missing);
  yield `  not the bytes that were stored: ${damaged.length} attachments`;
  yield* named(damaged);
}

function* named(ids: readonly string[]) {
  for (const id of ids.slice(0, SHOWN)) yield `    ${id}`;
  if (ids.length > SHOWN) yield `    and ${ids.length - SHOWN} more`;
}
