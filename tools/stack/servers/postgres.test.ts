import { expect, test } from 'bun:test';
import { provisionSql } from './postgres.ts';

test('provisionSql quotes passwords as literals', () => {
  const sql = provisionSql({ owner: "o'wner", app: 'app', relay: 'relay', identity: 'id' });
  expect(sql).toContain("password 'o''wner'");
  expect(sql).toContain("password 'app'");
  expect(sql.replaceAll(/^--.*$/gm, '')).not.toContain(":'");
});
