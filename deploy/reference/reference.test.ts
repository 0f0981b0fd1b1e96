import { expect, test } from 'bun:test';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../verify/run.ts';
import { readModules, writePages } from './pages.ts';
import { readModule } from './read-module.ts';

const modules = readModules();

test('every module that can be imported has a page, and every export a section', () => {
  const doors = JSON.parse(readFileSync(join(root, 'shared/package.json'), 'utf8')).exports;
  const named = Object.keys(doors).filter((door) => !door.includes('*'));
  const specifiers = modules.map(({ specifier }) => specifier);
  expect(specifiers).toEqual(
    expect.arrayContaining(named.map((door) => door.replace('.', '@insightdesk/shared'))),
  );
  expect(specifiers).toContain('@insightdesk/shared/domain/conversations');
  expect(specifiers.at(-1)).toBe('@insightdesk/client');
  const pages = writePages(modules);
  expect(pages.size).toBe(modules.length + 1);
  const text = [...pages.values()].join('\n');
  const sections = text.match(/^## /gm)?.length;
  expect(sections).toBe(modules.reduce((sum, one) => sum + one.exports.length, 0));
  expect(pages.get('conversations.md')).toBeUndefined();
  expect(pages.get('domain-conversations.md')).toContain("allow: 'conversations:read'");
});

test('what an index exports at run time is what its page has', async () => {
  for (const specifier of ['promises', 'errors', 'contract', 'cache', 'domain/conversations']) {
    const page = modules.find((one) => one.specifier === `@insightdesk/shared/${specifier}`);
    const found = Object.keys(await import(`@insightdesk/shared/${specifier}`)).toSorted();
    const values = page?.exports.filter(({ signature }) => !/^(interface|type) /.test(signature));
    expect(values?.map(({ name }) => name).toSorted()).toEqual(found);
  }
});

test('every module, function and class that others import says what it is for', () => {
  const isTold = /^(async )?function |^(abstract )?class |=> …$/;
  const silent = modules
    .filter(({ specifier }) => !specifier.endsWith('/domain/catalog'))
    .flatMap(({ specifier, about, exports }) => [
      ...(about ? [] : [specifier]),
      ...exports
        .filter(({ doc, signature }) => isTold.test(signature) && !doc)
        .map(({ name }) => `${specifier} ${name}`),
    ]);
  expect(silent).toEqual([]);
});

test('declarations are shown without what is inside', () => {
  const directory = mkdtempSync(join(tmpdir(), 'insightdesk-reference-'));
  const at = (name: string, ...lines: string[]) =>
    writeFileSync(join(directory, name), lines.join('\n'));
  try {
    at(
      'a.ts',
      '/** Adds. */',
      'export function add(a: number, b: number): number { return a + b; }',
      '/** Twice. */',
      'export const twice = (a: number): number => a * 2;',
      '/** A thing. */',
      'export class Thing {',
      '  #secret = 1;',
      '  private own = 2;',
      '  /** Its size in bytes. */',
      '  size = 3;',
      '  /** Opens it. */',
      '  open(how: string): void { this.own = how.length; }',
      '}',
      '',
      '// Not for readers.',
      'const plain = { a: 1 } as const;',
      'export { plain as renamed };',
    );
    at('index.ts', "export * from './a.ts';", "export * as group from './a.ts';");
    const described = readModule(join(directory, 'index.ts'));
    expect(described.map(({ name, signature, doc }) => [name, signature, doc])).toEqual([
      ['add', 'function add(a: number, b: number): number', 'Adds.'],
      ['twice', 'const twice = (a: number): number => …', 'Twice.'],
      [
        'Thing',
        'class Thing {\n  /** Its size in bytes. */\n  size;\n  /** Opens it. */\n  open(how: string): void;\n}',
        'A thing.',
      ],
      ['renamed', 'const plain = { a: 1 } as const', ''],
      ['group', 'const group: { add, twice, Thing, renamed }', ''],
    ]);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('a name that is nowhere is told, not passed over', () => {
  const directory = mkdtempSync(join(tmpdir(), 'insightdesk-reference-'));
  try {
    writeFileSync(join(directory, 'a.ts'), 'export const one = 1;\n');
    writeFileSync(join(directory, 'index.ts'), "export { two } from './a.ts';\n");
    expect(() => readModule(join(directory, 'index.ts'))).toThrow('does not declare two');
  } finally {
    rmSync(directory, { recursive: true });
  }
});
