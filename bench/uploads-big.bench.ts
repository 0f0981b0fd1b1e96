import { loadavg } from 'node:os';
import { sendBig } from './files/big-upload.ts';
import { openAccount } from './files/own-account.ts';
import { forgetPeaks, mostOf, readPeaks } from './files/peak-memory.ts';
import type { Row } from './run.ts';

const BYTES = Number(process.env.BENCH_BYTES ?? 5 * 1024 ** 3);
const SMALL_BYTES = Math.min(BYTES, 64 * 1024 ** 2);
const MOST_GROWTH_BYTES = 64_000_000;
const MEGABYTE = 1_000_000;

/** One file through the proxy, cut and resumed twice; what the processes hold meanwhile. */
export async function measureBig(sizeBytes: number, token: () => Promise<string>) {
  forgetPeaks();
  const resting = readPeaks();
  const cutAt = [Math.floor(sizeBytes / 3), Math.floor((sizeBytes * 2) / 3)];
  const upload = await sendBig({ sizeBytes, cutAt, token });
  return { resting, peaks: readPeaks(), ...upload };
}

/** A big file beside a small one: what is held must not follow from the size. */
export default async function measure(): Promise<Row[]> {
  console.log(`uploads-big: ${BYTES} bytes, load ${loadavg()[0]?.toFixed(1)}`);
  const token = await openAccount();
  const small = await measureBig(SMALL_BYTES, token);
  const big = await measureBig(BYTES, token);
  console.log(`the same bytes came back; resumed at ${big.resumedAt.join(' and ')}`);
  const rate = (seconds: number) => `${(BYTES / MEGABYTE / seconds).toFixed(0)} MB/s`;
  console.log(`sent at ${rate(big.sentSeconds)}, put together at ${rate(big.checkedSeconds)}`);
  for (const { name, peakBytes } of big.peaks) {
    const rest = big.resting.find((one) => one.name === name)?.peakBytes ?? 0;
    console.log(`${name}: ${megabytes(rest)} at rest, ${megabytes(peakBytes)} at most`);
  }
  const rows = ['api', 'worker'].map((kind) => ({
    name: `${kind}, most memory; floor: with 64 MiB`,
    unit: 'MB',
    floor: mostOf(small.peaks, kind) / MEGABYTE,
    ours: mostOf(big.peaks, kind) / MEGABYTE,
    target: '≤ 64 more',
  }));
  const growth = mostOf(big.peaks, 'api') - mostOf(small.peaks, 'api');
  if (growth > MOST_GROWTH_BYTES) throw new Error(`The API grew by ${megabytes(growth)}`);
  return rows;
}

const megabytes = (bytes: number) => `${(bytes / MEGABYTE).toFixed(1)} MB`;
