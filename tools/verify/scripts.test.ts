import { expect, test } from 'bun:test';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { commands } from '../../services/cli/commands.ts';
import { preferredPorts } from '../stack/processes/ports.ts';
import { serviceSpec, services } from '../stack/servers/services.ts';
import { root } from './run.ts';

const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
};

test('package.json has the usual script names', () => {
  const expected = [
    'start',
    'dev',
    'build',
    'test',
    'worker',
    'db:studio',
    'test:db',
    'test:health',
  ];
  expect(Object.keys(scripts)).toEqual(expect.arrayContaining(expected));
});

test.each(Object.entries(scripts))(
  'script %s calls existing files and commands: %s',
  (_, script) => {
    const files = script.match(/\S+\.(ts|mjs)\b|\S*Dockerfile/g) ?? [];
    expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([]);
    const command = /desk\.ts (\S+)/.exec(script)?.[1];
    if (command) expect(Object.keys(commands)).toContain(command);
  },
);

test('every script except the container build runs with Node alone', () => {
  const others = Object.entries(scripts).filter(
    ([, script]) => !script.startsWith('exec node tools/launch.mjs '),
  );
  expect(others.map(([name]) => name)).toEqual(['build']);
});

test('npm run dev watches the code of every service, npm start does not', () => {
  for (const service of services) {
    const started = serviceSpec(service, preferredPorts, {}).command;
    expect(started).not.toContain('--watch');
    const reloading = serviceSpec(service, preferredPorts, {}, { isReloading: true }).command;
    expect(reloading).toContain('--watch');
    expect(reloading.at(-1)).toBe(started.at(-1) ?? '');
  }
});
