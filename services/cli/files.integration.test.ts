import { expect, test } from 'bun:test';
import { registerOwner, upload } from '../../tests/e2e/client.ts';
import { runDesk } from './test-command.ts';

const desk = (...words: string[]) => runDesk(['files', ...words]);

test('files check finds no difference between files and rows', async () => {
  const owner = await registerOwner();
  expect((await upload(owner.token, new Blob(['text']), 'a.txt')).status).toBe(201);
  const words = ['--organization', owner.organizationId, '--older-than', '0'];
  for (const verb of ['check', 'collect']) {
    const { code, output } = await desk(verb, ...words);
    expect(output).toContain('1 files of 1 organizations\n');
    expect(output).toContain('without a row: 0 files, 0 bytes');
    expect(code).toBe(0);
  }
  expect((await desk('check', '--checksums', ...words)).code).toBe(0);
});
