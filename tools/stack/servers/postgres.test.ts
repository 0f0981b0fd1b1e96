import { expect, test } from 'bun:test';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../../../shared/testing/until.ts';
import { identityOf } from '../processes/process-identity.ts';
import { provisionSql, removeStaleLock } from './postgres.ts';

test('provisionSql quotes passwords as literals', () => {
  const sql = provisionSql({ owner: "o'wner", app: 'app', relay: 'relay', identity: 'id' });
  expect(sql).toContain("password 'o''wner'");
  expect(sql).toContain("password 'app'");
  expect(sql.replaceAll(/^--.*$/gm, '')).not.toContain(":'");
});

test.skipIf(process.platform !== 'linux')(
  'removeStaleLock removes the lock of a zombie, and of a process that is not PostgreSQL',
  async () => {
    const cluster = mkdtempSync(join(tmpdir(), 'cluster-'));
    const lock = join(cluster, 'postmaster.pid');
    // The shell becomes a program that does not reap its child.
    const parent = Bun.spawn(['sh', '-c', 'sleep 0 & echo $!; exec sleep 30'], { stdout: 'pipe' });
    try {
      const { value } = await parent.stdout.getReader().read();
      const zombie = Number(new TextDecoder().decode(value));
      await until(() => identityOf(zombie) === undefined);
      for (const pid of [zombie, parent.pid]) {
        writeFileSync(lock, `${pid}\n${cluster}\n`);
        removeStaleLock(cluster);
        expect(existsSync(lock)).toBe(false);
      }
    } finally {
      parent.kill();
      rmSync(cluster, { recursive: true });
    }
  },
);
