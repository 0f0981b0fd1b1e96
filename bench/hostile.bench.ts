import { loadavg } from 'node:os';
import { call, photograph, until, upload } from '../deploy/e2e/client.ts';
import { hostileCorpus } from '../deploy/e2e/hostile/corpus.ts';
import { openBarrage } from '../deploy/proof/barrage.ts';
import { openAccount } from './files/own-account.ts';
import { forgetPeaks, mostOf, type Peak, readPeaks } from './files/peak-memory.ts';
import type { Row } from './run.ts';
import { settledBytes } from './sockets/figures.ts';
import { readStack } from './stack.ts';

/** Damages of each kind in each format. */
const POINTS = Number(process.env.BENCH_POINTS ?? 3);
const PHOTOGRAPHS = 8;
const AT_A_TIME = 4;
const WARM = 3_000;
const REQUESTS = Number(process.env.BENCH_REQUESTS ?? 17_000);
const PATIENCE_MS = 120_000;
const MEGABYTE = 1_000_000;

interface Upload {
  bytes: Blob;
  name: string;
}

/** The most that services hold while these come in and are looked into; some may be refused. */
async function peaksWhile(files: Upload[], token: () => Promise<string>): Promise<Peak[]> {
  forgetPeaks();
  const waiting = files.values();
  const lane = async () => {
    for (const { bytes, name } of waiting) {
      const { status, body } = await upload(await token(), bytes, name);
      if (status === 201) await untilLookedInto((body as { id: string }).id, token);
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, lane));
  return readPeaks();
}

const untilLookedInto = (id: string, token: () => Promise<string>) =>
  until(async () => {
    const { body } = await call('GET', `/v1/attachments/${id}`, { token: await token() });
    return body.status !== 'pending';
  }, PATIENCE_MS);

async function measureFiles(): Promise<Row[]> {
  const seed = Date.now() % 1_000_000;
  const corpus = await hostileCorpus({ points: POINTS, seed });
  const hostile = corpus.map(({ bytes, name }) => ({ name, bytes: new Blob([bytes as Buffer]) }));
  const photo = { bytes: await photograph(), name: 'a.jpg' };
  const plain = hostile.map(({ bytes }) => ({
    bytes: new Blob(['a'.repeat(bytes.size)]),
    name: 'a.txt',
  }));
  const token = await openAccount();
  const ordinary = await peaksWhile([...Array(PHOTOGRAPHS).fill(photo), ...plain], token);
  const peaks = await peaksWhile(hostile, token);
  console.log(`${corpus.length} hostile files of seed ${seed}`);
  return ['api', 'worker'].map((kind) => ({
    name: `${kind}, most memory with hostile files; floor: ordinary ones of the same sizes`,
    unit: 'MB',
    floor: mostOf(ordinary, kind) / MEGABYTE,
    ours: mostOf(peaks, kind) / MEGABYTE,
    target: '≤ 1.5',
  }));
}

async function measureRequests(): Promise<Row[]> {
  const barrage = await openBarrage();
  const send = async (count: number) => {
    const [wrong] = await barrage.send(count);
    if (wrong) throw new Error(wrong);
    const apis = readStack().services.filter(({ kind }) => kind === 'api');
    const resident = await Promise.all(apis.map(({ pid }) => settledBytes(pid)));
    return Math.max(...resident) / MEGABYTE;
  };
  const name = `api, resident after ${REQUESTS} hostile requests more; floor: after ${WARM}`;
  return [
    { name, unit: 'MB', floor: await send(WARM), ours: await send(REQUESTS), target: '≤ 1.3' },
  ];
}

/** What hostile files and requests leave in memory, beside ordinary files and earlier requests; Linux only. */
export default async function measure(): Promise<Row[]> {
  console.log(`hostile: load ${loadavg()[0]?.toFixed(1)}`);
  return [...(await measureFiles()), ...(await measureRequests())];
}
