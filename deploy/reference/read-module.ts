import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { parseSync } from 'oxc-parser';
import { root } from '../verify/run.ts';
import { describe, type Statement } from './describe.ts';

/** An export as a reader meets it: what it is called, what it looks like, what it says of itself. */
export interface Described {
  name: string;
  /** Where it is written, from the folder of the repository. */
  path: string;
  signature: string;
  doc: string;
}

interface Source {
  path: string;
  text: string;
  parsed: ReturnType<typeof parseSync>;
}

const doors: Record<string, string> = JSON.parse(
  readFileSync(join(root, 'shared/package.json'), 'utf8'),
).exports;
const sources = new Map<string, Source>();

function open(path: string): Source {
  const known = sources.get(path);
  if (known) return known;
  const text = readFileSync(path, 'utf8');
  const source = { path, text, parsed: parseSync(path, text) };
  if (source.parsed.errors.length > 0) throw new Error(`${path} cannot be read`);
  sources.set(path, source);
  return source;
}

/** The file that a specifier names; undefined for a package of others. */
function find(specifier: string, from: string): string | undefined {
  if (specifier.startsWith('.')) return join(dirname(from), specifier);
  const [, door] = /^@insightdesk\/shared(\/.+)$/.exec(specifier) ?? [];
  if (!door) return undefined;
  const path = doors[`.${door}`] ?? doors['./domain/*']?.replace('*', door.replace('/domain/', ''));
  return path && join(root, 'shared', path);
}

/** Everything that a module exports, in the order of its index; throws when one cannot be found. */
export function readModule(path: string): Described[] {
  const { parsed } = open(path);
  return parsed.module.staticExports
    .flatMap(({ entries }) => entries)
    .flatMap((entry): Described[] => {
      const { moduleRequest: request, importName, exportName, localName } = entry;
      if (!request) return [look(path, localName.name ?? '', exportName.name ?? '')];
      const target = find(request.value, path);
      if (!target) return [foreign(path, exportName.name ?? '*', request.value)];
      if (importName.kind === 'AllButDefault') return readModule(target);
      if (importName.kind === 'All') return [group(target, exportName.name ?? '')];
      return [look(target, importName.name ?? '', exportName.name ?? '')];
    });
}

/** Follows a name to where it is declared. */
function look(path: string, name: string, as: string): Described {
  const { parsed, text } = open(path);
  for (const statement of parsed.program.body as unknown as Statement[]) {
    const found = describe(statement, name, { text, comments: parsed.comments });
    if (found) return { name: as, path: relative(root, path), ...found };
  }
  for (const { moduleRequest, entries } of parsed.module.staticImports) {
    const entry = entries.find(({ localName }) => localName.value === name);
    if (!entry) continue;
    const target = find(moduleRequest.value, path);
    if (!target) return foreign(path, as, moduleRequest.value);
    return look(target, entry.importName.name ?? name, as);
  }
  const passed = existsSync(path) ? readModule(path).find((one) => one.name === name) : undefined;
  if (passed && !isLocal(path, name)) return { ...passed, name: as };
  throw new Error(`${relative(root, path)} does not declare ${name}`);
}

const isLocal = (path: string, name: string) =>
  open(path).parsed.module.staticExports.some(({ entries }) =>
    entries.some((entry) => !entry.moduleRequest && entry.exportName.name === name),
  );

const foreign = (path: string, name: string, specifier: string): Described => ({
  name,
  path: relative(root, path),
  signature: `export { ${name} } from '${specifier}'`,
  doc: '',
});

/** `export * as name`: what is in it, by name. */
const group = (path: string, name: string): Described => ({
  name,
  path: relative(root, path),
  signature: `const ${name}: { ${readModule(path)
    .map((one) => one.name)
    .join(', ')} }`,
  doc: '',
});
