import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseSync } from 'oxc-parser';
import { listFiles } from '../verify/list-files.ts';
import { root } from '../verify/run.ts';
import { docOfFile } from './describe.ts';
import { type Described, readModule } from './read-module.ts';

/** A public module: how it is imported, where its index is, what it exports. */
export interface Module {
  specifier: string;
  path: string;
  about: string;
  exports: Described[];
}

/** Every module that others import by name, in the order of `shared/package.json`; the client last. */
export function readModules(): Module[] {
  const doors = Object.entries(
    JSON.parse(readFileSync(join(root, 'shared/package.json'), 'utf8')).exports as Record<
      string,
      string
    >,
  );
  const features = listFiles().filter((path) => /^shared\/domain\/\w+\/index\.ts$/.test(path));
  const shared = doors.flatMap(([door, path]) =>
    door.includes('*')
      ? features.map((index) => [`./domain/${dirname(index).split('/').at(-1)}`, index] as const)
      : [[door, join('shared', path)] as const],
  );
  const named = shared.map(([door, path]) => [door.replace('.', '@insightdesk/shared'), path]);
  return [...named, ['@insightdesk/client', 'client/index.ts']].map(
    ([specifier = '', path = '']) => ({
      specifier,
      path,
      about: aboutOf(path),
      exports: readModule(join(root, path)),
    }),
  );
}

/** What a module says of itself at its head, or the first paragraph of its README. */
function aboutOf(path: string): string {
  const text = readFileSync(join(root, path), 'utf8');
  const said = docOfFile({ text, comments: parseSync(path, text).comments });
  if (said) return said;
  const readme = join(root, dirname(path), 'README.md');
  if (!existsSync(readme)) return '';
  const [, paragraph = ''] = /^#[^\n]*\n+([\s\S]*?)\n\n/.exec(readFileSync(readme, 'utf8')) ?? [];
  return paragraph;
}

/** The pages of the reference by file name; links lead to the sources, two folders up. */
export function writePages(modules: Module[]): Map<string, string> {
  const fileOf = ({ specifier }: Module) =>
    `${specifier.replace(/^@insightdesk\/(shared\/)?/, '').replaceAll('/', '-')}.md`;
  const rows = modules.map(
    (one) =>
      `| [\`${one.specifier}\`](${fileOf(one)}) | ${one.exports.length} | ${firstSentence(one.about)} |`,
  );
  const index = [
    '# Reference',
    'Made from the code by `bun run reference`; not kept.',
    ['| module | exports | |', '| --- | ---: | --- |', ...rows].join('\n'),
  ];
  return new Map([
    ['README.md', `${index.join('\n\n')}\n`],
    ...modules.map((one) => [fileOf(one), writeModule(one)] as const),
  ]);
}

function writeModule({ specifier, path, about, exports }: Module): string {
  const sections = exports.map((one) =>
    [
      `## ${one.name}`,
      ...(one.doc ? [one.doc] : []),
      `\`\`\`ts\n${one.signature}\n\`\`\``,
      `[${one.path}](../../${one.path})`,
    ].join('\n\n'),
  );
  const head = [`# ${specifier}`, ...(about ? [about] : []), `[${path}](../../${path})`];
  return `${[...head, ...sections].join('\n\n')}\n`;
}

const firstSentence = (words: string) =>
  (/^[\s\S]*?\.(?=\s|$)/.exec(words)?.[0] ?? words).replace(/\s+/g, ' ').replaceAll('|', '\\|');
