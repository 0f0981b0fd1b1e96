import { posix } from 'node:path';

/** Reads a file of the project by its path, `undefined` when there is none. */
export type Read = (path: string) => string | undefined;

/** A name that one file takes from another: `*` is the whole file. */
export interface Taken {
  name: string;
  file: string;
  /** Taken with `import type`, or as `type` among others. */
  isType?: boolean;
}

const statement =
  /^(?:import|export)\s+(?<type>type\s+)?(?:(?<star>\*)(?:\s+as\s+(?<alias>\w+))?|\{(?<names>[^}]*)\})\s+from\s+'(?<from>[^']+)'/gm;

interface Statement {
  from: string;
  /** Exported or imported name -> name inside `from`. */
  names: Map<string, string>;
  /** Those of the names that are taken as types. */
  types: Set<string>;
  isStar: boolean;
}

/** Follows imports to the files that define what is imported: doors that only re-export are seen through. */
export function createImportGraph(read: Read, doors: Readonly<Record<string, string>>) {
  function resolve(importer: string, specifier: string): string | undefined {
    if (specifier.startsWith('.')) return posix.join(posix.dirname(importer), specifier);
    const module = /^@insightdesk\/shared\/(.+)$/.exec(specifier)?.[1];
    if (!module) return undefined;
    const feature = /^domain\/(\w+)$/.exec(module)?.[1];
    const door = doors[`./${module}`] ?? (feature && doors['./domain/*']?.replace('*', feature));
    return door && posix.join('shared', door);
  }

  /** Where a name that a file exports is defined. */
  function origin(file: string, name: string): Taken {
    const source = read(file);
    if (source === undefined || !isDoor(source)) return { name, file };
    for (const { from, names, isStar } of statementsOf(source)) {
      const inner = names.get(name);
      const target = resolve(file, from);
      if (!target || (inner === undefined && !isStar)) continue;
      if (inner === '*') return { name: '*', file: target };
      const found = origin(target, inner ?? name);
      if (inner !== undefined || exportsName(read(found.file) ?? '', found.name)) return found;
    }
    return { name, file };
  }

  /** Everything of the project that a file imports, by the files that define it. */
  function takenBy(file: string): Taken[] {
    return statementsOf(read(file) ?? '').flatMap(({ from, names, types, isStar }): Taken[] => {
      const target = resolve(file, from);
      if (!target) return [];
      if (isStar) return [{ name: '*', file: target }];
      return [...names.values()].map((name) => {
        const isType = types.has(name);
        return name === '*' ? { name, file: target } : { ...origin(target, name), isType };
      });
    });
  }

  return { takenBy };
}

/** A file that only re-exports what others define. */
export function isDoor(source: string): boolean {
  const rest = source.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '').replace(statement, '');
  return source.includes('export') && /^[\s;]*$/.test(rest);
}

const exportsName = (source: string, name: string) =>
  new RegExp(`^export [^\n]*\\b${name}\\b`, 'm').test(source);

function statementsOf(source: string): Statement[] {
  return [...source.matchAll(statement)].map(({ groups = {} }) => {
    const { type, star, alias, names = '', from = '' } = groups;
    const parts = names
      .split(',')
      .map((part) => part.trim())
      .filter(Boolean);
    const isType = (part: string) => type !== undefined || /^type\s/.test(part);
    const pairs = parts
      .map((part) => part.replace(/^type\s+/, ''))
      .map((part) => part.split(/\s+as\s+/))
      .map(([inner = '', outer = inner]) => [outer, inner] as const);
    return {
      from,
      names: new Map(alias ? [[alias, '*']] : pairs),
      types: new Set(pairs.filter((_, i) => isType(parts[i] ?? '')).map(([, inner]) => inner)),
      isStar: star !== undefined && alias === undefined,
    };
  });
}
