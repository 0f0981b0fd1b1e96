import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openOurs } from './http/sides.ts';
import type { Answers, Attack } from './noisy/attacker.ts';
import type { Row } from './run.ts';
import { startChild } from './sockets/child.ts';
import { json, readStack } from './stack.ts';

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5);
const SECONDS = Number(process.env.BENCH_SECONDS ?? 6);
/** Others are quiet: what is measured is what they wait, not what the machine can do. */
const EVERY_MS = 20;
/** What one address may send to these routes within its limits. */
const ATTACKS_PER_SECOND = 4.5;
const LARGE = 5_000_000;

const run = readStack();
const ca = readFileSync(run.ca, 'utf8');

type Case = Pick<Attack, 'path' | 'body' | 'headers'> & { name: string };

const manyKeys = (count: number) =>
  `{${Array.from({ length: count }, (_, n) => `"unknown${n}":1`).join(',')}}`;

const cases = (token: Record<string, string>): Case[] => [
  { name: 'login with 300,000 keys', path: '/v1/auth/login', headers: json, body: manyKeys(3e5) },
  { name: 'login with 5 MB of [', path: '/v1/auth/login', headers: json, body: '['.repeat(LARGE) },
  {
    name: 'a conversation with 30,000 keys',
    path: '/v1/conversations',
    headers: token,
    body: manyKeys(30_000),
  },
];

/** What one organisation waits for its reads, alone and beside another's attack, in turn. */
export default async function measure(): Promise<Row[]> {
  const quiet = await openOurs();
  const noisy = await openOurs();
  const attacker = await startChild(
    [process.execPath, join(import.meta.dir, 'noisy/attacker.ts')],
    {},
  );
  const paths = quiet.side.ids.map((id) => `${quiet.side.conversations}/${id}`);
  const wanted = process.env.BENCH_CASE ?? '';
  try {
    const rows: Row[] = [];
    for (const one of cases(noisy.side.headers).filter(({ name }) => name.includes(wanted))) {
      rows.push(...(await compare(one)));
    }
    return rows;
  } finally {
    await attacker.stop();
  }

  async function compare({ name, ...what }: Case): Promise<Row[]> {
    const waits = { alone: [] as number[], beside: [] as number[] };
    const answers: Answers = {};
    for (let round = 0; round <= ROUNDS; round++) {
      const alone = await readFor(paths, quiet.side.headers);
      const attack = { url: run.url, ca, ...what, perSecond: ATTACKS_PER_SECOND, seconds: SECONDS };
      const [beside, answered] = await Promise.all([
        readFor(paths, quiet.side.headers),
        attacker.ask<Answers>('run', attack),
      ]);
      if (round === 0) continue;
      waits.alone.push(...alone);
      waits.beside.push(...beside);
      for (const [word, count] of Object.entries(answered))
        answers[word] = (answers[word] ?? 0) + count;
    }
    const at = (times: number[], share: number) =>
      times.toSorted((a, b) => a - b)[Math.floor(times.length * share)] ?? 0;
    const row = (figure: string, share: number) => ({
      name: `beside ${name}: ${figure}`,
      unit: 'ms',
      floor: at(waits.alone, share),
      ours: at(waits.beside, share),
    });
    console.log(`${name}: the attacker was answered`, JSON.stringify(answers));
    return [row('p50', 0.5), { ...row('p99', 0.99), target: 'at most 3' }];
  }
}

/** Asks at a steady pace through nginx; what each answer took in ms. */
async function readFor(paths: string[], headers: Record<string, string>): Promise<number[]> {
  const times: number[] = [];
  const asked: Promise<void>[] = [];
  const startedAt = performance.now();
  for (let n = 0; n * EVERY_MS < SECONDS * 1_000; n++) {
    const dueMs = startedAt + n * EVERY_MS - performance.now();
    if (dueMs > 0) await Bun.sleep(dueMs);
    asked.push(
      (async () => {
        const sentAt = performance.now();
        const answer = await fetch(`${run.url}${paths[n % paths.length]}`, {
          headers,
          tls: { ca },
        });
        await answer.arrayBuffer();
        if (!answer.ok) throw new Error(`A quiet organisation was answered ${answer.status}`);
        times.push(performance.now() - sentAt);
      })(),
    );
  }
  await Promise.all(asked);
  return times;
}
