import { parseArgs } from 'node:util';
import { runCommand } from '@insightdesk/shared/boot';
import type { Context } from '@insightdesk/shared/context';
import { type Id, isId } from '@insightdesk/shared/contract';
import {
  auditedOrganizations,
  listOperatorActs,
  type NotedHead,
  type Verdict,
  verifyAudit,
} from '@insightdesk/shared/domain/tenancy/audit';
import { surroundings } from './operator-environment.ts';

const USAGE = `Usage: bun run desk audit verify [--organization <id>] [--noted <file>]
       bun run desk audit acts`;

type Looks = Pick<Context, 'database'>;

/** Follows the audit chains, or shows what operators did. */
export async function manageAudit(words: string[]): Promise<number> {
  const [verb, ...rest] = words;
  if (verb === 'acts' && rest.length === 0) return showActs();
  return verifyChains(words);
}

/** The newest 100 of the operators' log, the newest first. */
async function showActs(): Promise<number> {
  await runCommand(
    'desk',
    async ({ parts, config }) => {
      for (const { at, who, act, target } of await listOperatorActs(
        parts,
        config.operators.organizationId,
      )) {
        console.log([at, who, act, target ?? ''].join('  ').trimEnd());
      }
    },
    await surroundings(),
  );
  return 0;
}

/**
 * Follows the audit chains and prints the head of each, one a line. `--noted` takes a file of such
 * lines, kept elsewhere: each head in it must still be met. Exit code 1 when a chain is broken.
 */
async function verifyChains(words: string[]): Promise<number> {
  const given = readWords(words);
  if (!given) {
    console.error(USAGE);
    return 2;
  }
  const { organization, noted } = given;
  return runCommand(
    'desk',
    async ({ parts }) => {
      const verdicts = noted
        ? verifyNoted(parts, noted, organization)
        : verifyAll(parts, organization);
      let broken = 0;
      for await (const verdict of verdicts) {
        if (verdict.fault) broken++;
        console.log(describe(verdict));
      }
      if (broken > 0) console.error(`${broken} audit logs are not whole`);
      return broken > 0 ? 1 : 0;
    },
    await surroundings(),
  );
}

function readWords([verb, ...args]: string[]) {
  if (verb !== 'verify') return undefined;
  try {
    const options = { organization: { type: 'string' }, noted: { type: 'string' } } as const;
    const { organization, noted } = parseArgs({ args, options }).values;
    if (organization !== undefined && !isId('org', organization)) return undefined;
    return { organization, noted };
  } catch {
    return undefined;
  }
}

async function* verifyAll(looks: Looks, only: Id<'org'> | undefined): AsyncGenerator<Verdict> {
  if (only) return yield await verifyAudit(looks, only);
  for await (const tenantId of auditedOrganizations(looks)) {
    yield await verifyAudit(looks, tenantId);
  }
}

async function* verifyNoted(
  looks: Looks,
  file: string,
  only: Id<'org'> | undefined,
): AsyncGenerator<Verdict> {
  for await (const line of linesOf(file)) {
    const { tenantId, ...head } = readHead(line) ?? {};
    if (!tenantId || (only && tenantId !== only)) continue;
    yield await verifyAudit(looks, tenantId, head as NotedHead);
  }
}

async function* linesOf(file: string): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of Bun.file(file).stream()) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  yield rest;
}

function readHead(line: string): (NotedHead & { tenantId: Id<'org'> }) | undefined {
  const [tenantId, sequence, hash = ''] = line.split(' ');
  if (!isId('org', tenantId) || !/^[0-9a-f]{64}$/.test(hash)) return undefined;
  return { tenantId, sequence: Number(sequence), hash };
}

function describe({ tenantId, sequence, hash, since, fault }: Verdict): string {
  const whole = since ? `whole since ${since}` : 'whole';
  return `${tenantId} ${sequence} ${hash} ${fault ? `BROKEN: ${fault}` : whole}`;
}
