import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { findPorts, isFree, portsFrom } from './ports.ts';

const FIRST = 9_900;

test('a busy port moves to the next free one, and none is given twice', async () => {
  using server = Bun.listen({ hostname: '127.0.0.1', port: FIRST, socket: { data() {} } });
  expect(await isFree(server.port)).toBe(false);
  const ports = await findPorts({ ...portsFrom(FIRST), http: FIRST });
  const given = Object.values(ports);
  expect(ports.https).toBeGreaterThan(FIRST);
  expect(new Set(given).size).toBe(given.length);
});

test('a port stays with the process that found it, though nothing listens there', async () => {
  const first = 9_700;
  const script = `
    const { findPorts, portsFrom } = await import(${JSON.stringify(join(import.meta.dir, 'ports.ts'))});
    console.log(JSON.stringify(await findPorts(portsFrom(${first}))));
    for await (const _ of Bun.stdin.stream()) {}`;
  const other = Bun.spawn([process.execPath, '-e', script], { stdin: 'pipe', stdout: 'pipe' });
  const { value } = await other.stdout.getReader().read();
  const theirs = new Set(Object.values(JSON.parse(new TextDecoder().decode(value))));
  const ours = Object.values(await findPorts(portsFrom(first)));
  expect(ours.filter((port) => theirs.has(port))).toEqual([]);
  await other.stdin.end();
  await other.exited;
  const again = Object.values(await findPorts({ ...portsFrom(first) }));
  expect(again.some((port) => theirs.has(port))).toBe(true);
});

test('ports beside the stack are given once, also where many find what others left', async () => {
  const script = `
    const { takePort } = await import(${JSON.stringify(join(import.meta.dir, 'ports.ts'))});
    await Bun.stdin.text();
    console.log(JSON.stringify(Array.from({ length: 20 }, takePort)));
    await Bun.sleep(60_000);`;
  for (let round = 0; round < 2; round++) {
    const others = Array.from({ length: 4 }, () =>
      Bun.spawn([process.execPath, '-e', script], { stdin: 'pipe', stdout: 'pipe' }),
    );
    await Promise.all(others.map(({ stdin }) => stdin.end()));
    const given = await Promise.all(
      others.map(async ({ stdout }) => {
        const { value } = await stdout.getReader().read();
        return JSON.parse(new TextDecoder().decode(value)) as number[];
      }),
    );
    for (const other of others) other.kill('SIGKILL');
    await Promise.all(others.map(({ exited }) => exited));
    expect(new Set(given.flat()).size).toBe(80);
  }
});

test('a port that is taken on every address is busy', async () => {
  using server = Bun.listen({ hostname: '0.0.0.0', port: 0, socket: { data() {} } });
  expect(await isFree(server.port)).toBe(false);
});

test('there is nothing behind the last port', async () => {
  await expect(isFree(65_536)).rejects.toThrow('No free port');
});
