import { afterAll, beforeAll, expect, test } from 'bun:test';
import { isKillable, loadRun } from '../e2e/client.ts';
import { type Barrage, openBarrage } from './fuzz-driver.ts';

const REQUESTS = Number(process.env.FUZZ_REQUESTS ?? 20_000);

let barrage: Barrage;

beforeAll(async () => {
  barrage = await openBarrage();
});

afterAll(() => {
  console.log(`fuzz: ${JSON.stringify(Object.fromEntries([...barrage.tally].sort()))}`);
});

const pids = () =>
  loadRun().services.flatMap(({ kind, name, pid }) => (kind === 'api' ? `${name} ${pid}` : []));

test('whatever is sent, the answer is no 5xx, and every error a problem that keeps the inside in', async () => {
  const before = pids();
  expect(await barrage.send(REQUESTS)).toEqual([]);
  const { answered } = barrage;
  const untouched = [...answered].flatMap(([route, { size }]) => (size === 0 ? route : []));
  expect(untouched).toEqual([]);
  const well = [...answered.values()].filter((statuses) => [...statuses].some((one) => one < 300));
  expect(well.length).toBeGreaterThan(answered.size / 2);
  if (isKillable) expect(pids()).toEqual(before);
}, 900_000);
