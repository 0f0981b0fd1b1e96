import { afterAll, beforeAll, expect, test } from 'bun:test';
import { bySize } from '../../shared/testing/tier.ts';
import { canKillServices, loadRun } from '../e2e/client.ts';
import { createFuzzDriver, type FuzzDriver } from './fuzz-driver.ts';

const REQUESTS = Number(process.env.FUZZ_REQUESTS ?? bySize(1_500, 20_000));

let driver: FuzzDriver;

beforeAll(async () => {
  driver = await createFuzzDriver();
});

afterAll(() => {
  console.log(`fuzz: ${JSON.stringify(Object.fromEntries([...driver.countByStatus].sort()))}`);
});

const pids = () =>
  loadRun().services.flatMap(({ kind, name, pid }) => (kind === 'api' ? `${name} ${pid}` : []));

test('malicious requests get no 5xx, and every error is a problem document without internals', async () => {
  const before = pids();
  expect(await driver.send(REQUESTS)).toEqual([]);
  const { statusesByRoute } = driver;
  const unreached = [...statusesByRoute].flatMap(([route, { size }]) => (size === 0 ? route : []));
  expect(unreached).toEqual([]);
  const succeeding = [...statusesByRoute.values()].filter((statuses) =>
    [...statuses].some((status) => status < 300),
  );
  expect(succeeding.length).toBeGreaterThan(statusesByRoute.size * 0.4);
  if (canKillServices) expect(pids()).toEqual(before);
}, 900_000);
