import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { startNginx } from './files/nginx-floor.ts';
import { createOurFiles } from './files/our-files.ts';
import { createPhoto, createThumbnailBench } from './files/thumbnails.ts';
import type { Row } from './run.ts';
import { startChild } from './sockets/child.ts';
import { cpuMs, median } from './sockets/statistics.ts';

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5);
const CASE_FILTER = process.env.BENCH_CASE ?? '';
const MEGABYTE = 1_000_000;
const FILE_BYTES = 20 * MEGABYTE;
const UPLOADS = 6;
const DOWNLOADS = 12;
const CONNECTIONS = 2;
const IMAGES = 12;

/** Runs `work` `count` times on concurrent connections. */
async function repeat(count: number, work: () => Promise<unknown>): Promise<void> {
  let started = 0;
  const connection = async () => {
    while (started++ < count) await work();
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, connection));
}

/** Measures floor and ours alternately; the first round is a warm-up. */
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

type Ours = Awaited<ReturnType<typeof createOurFiles>>;

/** The floor of uploads in a child process; `send` uploads once. */
async function openFloor(directory: string, bytes: Uint8Array<ArrayBuffer>, env = {}) {
  const command = [process.execPath, join(import.meta.dir, 'files/disk-floor.ts')];
  const child = await startChild(command, { FLOOR: directory, ...env });
  async function send() {
    const { status } = await fetch(child.greeting as string, { method: 'PUT', body: bytes });
    if (status !== 201) throw new Error(`The floor responded ${status}`);
  }
  return { pid: child.pid, send, stop: child.stop };
}

/** Measures all ways to upload alternately: MB/s, and CPU time of the receiving process. */
async function uploads(ours: Ours, directory: string): Promise<Row[]> {
  const bytes = randomBytes(FILE_BYTES);
  const bare = await openFloor(directory, bytes);
  const durable = await openFloor(directory, bytes, { DURABLE: '1' });
  const { pid } = ours;
  const sides = {
    bare,
    durable,
    form: { pid, send: ours.createUpload(bytes) },
    raw: { pid, send: ours.createDirectUpload(bytes) },
  };
  const names = Object.keys(sides) as (keyof typeof sides)[];
  const emptySamples = () =>
    ({ bare: [], durable: [], form: [], raw: [] }) as Record<string, number[]>;
  const [rates, costs] = [emptySamples(), emptySamples()];
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
  await Promise.all([bare.stop(), durable.stop()]);
  const medianOf = (samples: Record<string, number[]>, name: string) => median(samples[name] ?? []);
  return [
    ['upload', 'bare', 'form'],
    ['upload; floor: with hash and fsync', 'durable', 'form'],
    ['upload of a raw body; floor: with hash and fsync', 'durable', 'raw'],
  ].flatMap(([name = '', floor = '', side = ''], n): Row[] => [
    {
      name,
      unit: 'MB/s',
      floor: medianOf(rates, floor),
      ours: medianOf(rates, side),
      ...(n === 0 && { target: '≥ 0.8' }),
    },
    { name, unit: 'ms CPU per MB', floor: medianOf(costs, floor), ours: medianOf(costs, side) },
  ]);
}

async function downloads(ours: Ours, directory: string): Promise<Row[]> {
  const bytes = randomBytes(FILE_BYTES);
  const id = await ours.createUpload(bytes)();
  mkdirSync(join(directory, 'files'), { recursive: true });
  writeFileSync(join(directory, 'files/a.bin'), bytes);
  const nginx = await startNginx(directory);
  const cpuPerMegabyte = async (pid: number, url: string, headers = {}) => {
    const before = cpuMs(pid);
    await repeat(DOWNLOADS, async () => {
      const response = await fetch(url, { headers });
      let length = 0;
      for await (const chunk of response.body ?? []) length += chunk.byteLength;
      if (length !== FILE_BYTES) throw new Error(`${url}: ${response.status}, ${length} bytes`);
    });
    return (cpuMs(pid) - before) / ((DOWNLOADS * FILE_BYTES) / MEGABYTE);
  };
  const metrics = await compare(
    () => cpuPerMegabyte(nginx.pid, `${nginx.origin}/a.bin`),
    () => cpuPerMegabyte(ours.pid, ours.contentUrl(id), ours.headers),
  );
  await nginx.stop();
  return [{ name: 'served; floor: nginx alone', unit: 'ms CPU per MB', ...metrics }];
}

async function thumbnails(): Promise<Row[]> {
  const { bare, ours, ownProcess } = createThumbnailBench(await createPhoto());
  const beside = (side: typeof ours) =>
    compare(
      () => bare(IMAGES),
      () => side(IMAGES),
    );
  const name = 'variants of 12 MP; floor: bare sharp';
  return [
    { name, unit: '/s', ...(await beside(ours)), target: '≥ 0.9' },
    { name: `${name}; a process per image`, unit: '/s', ...(await beside(ownProcess)) },
  ];
}

function randomBytes(sizeBytes: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(sizeBytes);
  for (let offset = 0; offset < sizeBytes; offset += 65_536) {
    crypto.getRandomValues(bytes.subarray(offset, offset + 65_536));
  }
  return bytes;
}

/** Uploads, downloads and image variants of the API, compared with their floors. */
export default async function measure(): Promise<Row[]> {
  console.log(`files: load ${loadavg()[0]?.toFixed(1)}`);
  const directory = mkdtempSync(join(tmpdir(), 'insightdesk-bench-'));
  const subdirectory = (name: string) => {
    mkdirSync(join(directory, name));
    return join(directory, name);
  };
  const ours = await createOurFiles();
  const cases = {
    upload: () => uploads(ours, subdirectory('upload')),
    serve: () => downloads(ours, subdirectory('serve')),
    thumbnails,
  };
  try {
    const rows: Row[] = [];
    for (const [name, run] of Object.entries(cases)) {
      if (name.includes(CASE_FILTER)) rows.push(...(await run()));
    }
    return rows;
  } finally {
    await ours.deleteFiles();
    rmSync(directory, { recursive: true });
  }
}
