import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { startNginx } from './files/nginx-floor.ts';
import { openOurFiles } from './files/our-files.ts';
import { openThumbnails, photograph } from './files/thumbnails.ts';
import type { Row } from './run.ts';
import { startChild } from './sockets/child.ts';
import { cpuMs, median } from './sockets/statistics.ts';

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5);
const WANTED = process.env.BENCH_CASE ?? '';
const MEGABYTE = 1_000_000;
const FILE_BYTES = 20 * MEGABYTE;
const UPLOADS = 6;
const DOWNLOADS = 12;
const CONNECTIONS = 2;
const IMAGES = 12;

/** So often, by so many at once. */
async function repeat(count: number, work: () => Promise<unknown>): Promise<void> {
  let begun = 0;
  const one = async () => {
    while (begun++ < count) await work();
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, one));
}

/** Floor and ours in turn, round by round; the first round warms up. */
async function compare(floor: () => Promise<number>, ours: () => Promise<number>) {
  const samples = { floor: [] as number[], ours: [] as number[] };
  for (let round = 0; round <= ROUNDS; round++) {
    for (const side of round % 2 ? (['floor', 'ours'] as const) : (['ours', 'floor'] as const)) {
      const sample = await (side === 'floor' ? floor() : ours());
      if (round > 0) samples[side].push(sample);
    }
  }
  return { floor: median(samples.floor), ours: median(samples.ours) };
}

type Ours = Awaited<ReturnType<typeof openOurFiles>>;

/** A bare server on the disk, as a child; `send` is one upload. */
async function openFloor(directory: string, bytes: Uint8Array<ArrayBuffer>, env = {}) {
  const command = [process.execPath, join(import.meta.dir, 'files/disk-floor.ts')];
  const child = await startChild(command, { FLOOR: directory, ...env });
  async function send() {
    const { status } = await fetch(child.greeting as string, { method: 'PUT', body: bytes });
    if (status !== 201) throw new Error(`The floor answered ${status}`);
  }
  return { pid: child.pid, send, stop: child.stop };
}

/** All ways to upload in turn: MB/s, and CPU time of the one process that is sent to. */
async function uploads(ours: Ours, directory: string): Promise<Row[]> {
  const bytes = noise(FILE_BYTES);
  const bare = await openFloor(directory, bytes);
  const careful = await openFloor(directory, bytes, { CAREFUL: '1' });
  const { pid } = ours;
  const sides = {
    bare,
    careful,
    form: { pid, send: ours.uploadOf(bytes) },
    raw: { pid, send: ours.uploadRawOf(bytes) },
  };
  const names = Object.keys(sides) as (keyof typeof sides)[];
  const none = () => ({ bare: [], careful: [], form: [], raw: [] }) as Record<string, number[]>;
  const [rates, costs] = [none(), none()];
  const megabytes = (UPLOADS * FILE_BYTES) / MEGABYTE;
  for (let round = 0; round <= ROUNDS; round++) {
    for (const name of round % 2 ? names : names.toReversed()) {
      const side = sides[name];
      const before = cpuMs(side.pid);
      const startedAt = performance.now();
      await repeat(UPLOADS, side.send);
      const seconds = (performance.now() - startedAt) / 1_000;
      for (const file of readdirSync(directory)) rmSync(join(directory, file));
      if (round === 0) continue;
      rates[name]?.push(megabytes / seconds);
      costs[name]?.push((cpuMs(side.pid) - before) / megabytes);
    }
  }
  await Promise.all([bare.stop(), careful.stop()]);
  const of = (found: Record<string, number[]>, name: string) => median(found[name] ?? []);
  return [
    ['upload', 'bare', 'form'],
    ['upload; floor: hashed and synced, too', 'careful', 'form'],
    ['upload of a raw body; floor: hashed and synced, too', 'careful', 'raw'],
  ].flatMap(([name = '', floor = '', own = ''], n): Row[] => [
    {
      name,
      unit: 'MB/s',
      floor: of(rates, floor),
      ours: of(rates, own),
      ...(n === 0 && { target: '≥ 0.8' }),
    },
    { name, unit: 'ms CPU per MB', floor: of(costs, floor), ours: of(costs, own) },
  ]);
}

async function downloads(ours: Ours, directory: string): Promise<Row[]> {
  const bytes = noise(FILE_BYTES);
  const id = await ours.uploadOf(bytes)();
  mkdirSync(join(directory, 'files'), { recursive: true });
  writeFileSync(join(directory, 'files/a.bin'), bytes);
  const nginx = await startNginx(directory);
  const costOf = async (pid: number, url: string, headers = {}) => {
    const before = cpuMs(pid);
    await repeat(DOWNLOADS, async () => {
      const answer = await fetch(url, { headers });
      let length = 0;
      for await (const chunk of answer.body ?? []) length += chunk.byteLength;
      if (length !== FILE_BYTES) throw new Error(`${url}: ${answer.status}, ${length} bytes`);
    });
    return (cpuMs(pid) - before) / ((DOWNLOADS * FILE_BYTES) / MEGABYTE);
  };
  const metrics = await compare(
    () => costOf(nginx.pid, `${nginx.origin}/a.bin`),
    () => costOf(ours.pid, ours.contentUrl(id), ours.headers),
  );
  await nginx.stop();
  return [{ name: 'served; floor: nginx alone', unit: 'ms CPU per MB', ...metrics }];
}

async function thumbnails(): Promise<Row[]> {
  const { bare, ours, apart } = openThumbnails(await photograph());
  const beside = (side: typeof ours) =>
    compare(
      () => bare(IMAGES),
      () => side(IMAGES),
    );
  const name = 'variants of 12 MP; floor: bare sharp';
  return [
    { name, unit: '/s', ...(await beside(ours)), target: '≥ 0.9' },
    { name: `${name}; each of another organisation`, unit: '/s', ...(await beside(apart)) },
  ];
}

function noise(sizeBytes: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(sizeBytes);
  for (let at = 0; at < sizeBytes; at += 65_536) {
    crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  }
  return bytes;
}

/** Files in and out of our API, and pictures made of them, each beside what could not do less. */
export default async function measure(): Promise<Row[]> {
  console.log(`files: load ${loadavg()[0]?.toFixed(1)}`);
  const directory = mkdtempSync(join(tmpdir(), 'insightdesk-bench-'));
  const room = (name: string) => {
    mkdirSync(join(directory, name));
    return join(directory, name);
  };
  const ours = await openOurFiles();
  const cases = {
    upload: () => uploads(ours, room('upload')),
    serve: () => downloads(ours, room('serve')),
    thumbnails,
  };
  try {
    const rows: Row[] = [];
    for (const [name, run] of Object.entries(cases)) {
      if (name.includes(WANTED)) rows.push(...(await run()));
    }
    return rows;
  } finally {
    await ours.deleteFiles();
    rmSync(directory, { recursive: true });
  }
}
