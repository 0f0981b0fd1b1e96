import { parseArgs } from 'node:util';
import type { Context } from '@insightdesk/shared/context';
import { type Id, isId } from '@insightdesk/shared/contract';
import {
  type AuditVerification,
  type KnownHead,
  listAuditedOrganizations,
  listOperatorActs,
  verifyAudit,
} from '@insightdesk/shared/domain/tenancy/audit';
import { runAsOperator } from './operator.ts';

const USAGE = `Usage: desk audit verify [--organization <id>] [--compare <file>]
       desk audit acts`;

type AuditReader = Pick<Context, 'database'>;

/** Verifies the audit chains, or lists what operators did. */
export async function manageAudit(words: string[]): Promise<number> {
  const [verb, ...rest] = words;
  if (verb === 'acts' && rest.length === 0) return printActs();
  return verifyChains(words);
}

/** The newest 100 operator actions, newest first. */
async function printActs(): Promise<number> {
  await runAsOperator(async ({ container, config }) => {
    for (const { at, who, act, target } of await listOperatorActs(
      container,
      config.operators.organizationId,
    )) {
      console.log([at, who, act, target ?? ''].join('  ').trimEnd());
    }
  });
  return 0;
}

/**
 * Verifies the audit chains and prints the head of each, one per line. `--compare` takes a file of
 * such lines from an earlier run: every head in it must still be in its chain. Exit code 1 if a chain is broken.
 */
async function verifyChains(words: string[]): Promise<number> {
  const options = parseOptions(words);
  if (!options) {
    console.error(USAGE);
    return 2;
  }
  const { organization, knownHeads } = options;
  return runAsOperator(async ({ container }) => {
    const verdicts = knownHeads
      ? verifyAgainst(container, knownHeads, organization)
      : verifyAll(container, organization);
    let broken = 0;
    for await (const verdict of verdicts) {
      if (verdict.error) broken++;
      console.log(describe(verdict));
    }
    if (broken > 0) console.error(`${broken} audit chains failed verification`);
    return broken > 0 ? 1 : 0;
  });
}

function parseOptions([verb, ...args]: string[]) {
  if (verb !== 'verify') return undefined;
  try {
    const options = { organization: { type: 'string' }, compare: { type: 'string' } } as const;
    const { organization, compare } = parseArgs({ args, options }).values;
    if (organization !== undefined && !isId('org', organization)) return undefined;
    return { organization, knownHeads: compare };
  } catch {
    return undefined;
  }
}

async function* verifyAll(
  reader: AuditReader,
  only: Id<'org'> | undefined,
): AsyncGenerator<AuditVerification> {
  if (only) return yield await verifyAudit(reader, only);
  for await (const tenantId of listAuditedOrganizations(reader)) {
    yield await verifyAudit(reader, tenantId);
  }
}

async function* verifyAgainst(
  reader: AuditReader,
  file: string,
  only: Id<'org'> | undefined,
): AsyncGenerator<AuditVerification> {
  for await (const line of readLines(file)) {
    const { tenantId, ...head } = parseHead(line) ?? {};
    if (!tenantId || (only && tenantId !== only)) continue;
    yield await verifyAudit(reader, tenantId, head as KnownHead);
  }
}

async function* readLines(file: string): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of Bun.file(file).stream()) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  yield rest;
}

function parseHead(line: string): (KnownHead & { tenantId: Id<'org'> }) | undefined {
  const [tenantId, sequence, hash = ''] = line.split(' ');
  if (!isId('org', tenantId) || !/^[0-9a-f]{64}$/.test(hash)) return undefined;
  return { tenantId, sequence: Number(sequence), hash };
}

function describe({ tenantId, sequence, hash, since, error }: AuditVerification): string {
  const ok = since ? `OK since ${since}` : 'OK';
  return `${tenantId} ${sequence} ${hash} ${error ? `BROKEN: ${error}` : ok}`;
}
