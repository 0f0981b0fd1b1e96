import { posix } from 'node:path';
import { createImportGraph, isDoor, type Read, type Taken } from './import-graph.ts';

const HEADING = '## How a message travels';
const FILES_MAX = 20;
const FOLDERS_MAX = 10;
/** The types of a table's columns are data; those of events and jobs are made from the definitions. */
const isDefinition = ({ file, isType }: Taken) =>
  /\/(events|jobs)\.ts$/.test(file) || (!isType && file.endsWith('/tables.ts'));

interface Project {
  /** Every source file that may join two others. */
  paths: readonly string[];
  read: Read;
  /** The `exports` of shared. */
  doors: Readonly<Record<string, string>>;
}

/**
 * Checks the path of a message as the README lists it: lines of files joined by arrows, of which
 * the first begins at the route and every other one at a file of a line before it.
 *
 * The message passes through a file when the file hands it on to the next; what is asked and
 * answers (a view, a query) belongs to the file that asks. One file hands on to another when one
 * of them imports what the other defines and can be called, with only doors in between; when a
 * third calls a function of the one with something of the other; or when both import the same
 * event, job or table, by which the message crosses from one process to another. Where none of
 * this is so, or where the one calls a file that calls the other, a file was left out. Files that
 * only re-export hand nothing on and may not be listed. What does a job comes after what enqueues
 * that very job, be it a reaction or what does another job.
 */
export function checkMessagePath(readme: string, project: Project) {
  const lines = readLines(readme);
  const files = [...new Set(lines.flat())];
  const folders = new Set(files.map((file) => posix.dirname(file)));
  const { isLinked, findBetween, findUnasked } = createLinks(project);
  const failures = files.flatMap((file) => judgeFile(file, project.read(file)));
  for (const [i, [first = '']] of lines.entries()) {
    if (i === 0 || lines.slice(0, i).some((line) => line.includes(first))) continue;
    failures.push(`${first} begins a line, but no line before it leads there`);
  }
  for (const [a, b] of lines.flatMap(pairsOf)) {
    if (!isLinked(a, b)) failures.push(`${a} hands nothing to ${b}: a file is left out`);
    for (const between of findBetween(a, b).filter((file) => !files.includes(file))) {
      failures.push(`${between} is left out between ${a} and ${b}`);
    }
  }
  failures.push(...findUnasked(files));
  if (files.length === 0) failures.push(`README.md lists no path under "${HEADING}"`);
  if (files.length > FILES_MAX) failures.push(`${files.length} files, more than ${FILES_MAX}`);
  if (folders.size > FOLDERS_MAX) failures.push(`${folders.size} folders, over ${FOLDERS_MAX}`);
  return { failures, note: `${files.length} files in ${folders.size} folders` };
}

function judgeFile(file: string, source: string | undefined): string[] {
  if (source === undefined) return [`${file} does not exist`];
  return isDoor(source) ? [`${file} only re-exports: it does nothing`] : [];
}

/** The lists of the section, their braces expanded in the order in which they are written. */
function readLines(readme: string): string[][] {
  const [, section = ''] = readme.split(HEADING);
  const [ours = ''] = section.split(/^## /m);
  return ours
    .split(/\n(?=- )|\n\n/)
    .filter((text) => text.startsWith('- '))
    .map((text) =>
      [...text.matchAll(/`([\w./{},-]+\.ts)`/g)].flatMap(([, path = '']) => expand(path)),
    );
}

function expand(path: string): string[] {
  const [, head = '', names, tail = ''] = /^(.*?)\{([^}]*)\}(.*)$/.exec(path) ?? [];
  return names === undefined ? [path] : names.split(',').map((name) => `${head}${name}${tail}`);
}

const pairsOf = (line: string[]) => line.slice(1).map((file, i) => [line[i] ?? '', file] as const);

function createLinks({ paths, read, doors }: Project) {
  const { takenBy } = createImportGraph(read, doors);
  const from = (taken: Taken[], origin: string) => taken.filter(({ file }) => file === origin);

  /** Whether a file calls a function of the one with something of the other. */
  function joins(file: string, a: string, b: string): boolean {
    const taken = takenBy(file);
    const [ofA, ofB] = [from(taken, a), from(taken, b)];
    if (ofA.length === 0 || ofB.length === 0) return false;
    const source = read(file) ?? '';
    return [...ofA, ...ofB].some(({ name, file: origin }) => {
      const others = origin === a ? ofB : ofA;
      const given = callsOf(source, name).join(' ');
      return others.some((other) => new RegExp(`\\b${other.name}\\b`).test(given));
    });
  }

  const callable = (taken: Taken[]) =>
    taken.some(({ name, file, isType }) => !isType || canBeCalled(read(file) ?? '', name));

  /** The files whose functions a file calls. */
  function calledBy(file: string): string[] {
    const source = read(file) ?? '';
    const called = takenBy(file).filter(({ name }) => callsOf(source, name).length > 0);
    return [...new Set(called.map((taken) => taken.file))];
  }

  return {
    isLinked(a: string, b: string): boolean {
      const [byA, byB] = [takenBy(a), takenBy(b)];
      if (callable(from(byA, b)) || callable(from(byB, a))) return true;
      const crossing = byA.filter(isDefinition);
      if (crossing.some(({ file }) => from(byB, file).some(isDefinition))) return true;
      if (crossing.some(({ name }) => queries(read(b) ?? '', name))) return true;
      return paths.some((file) => joins(file, a, b));
    },
    /** The files that the one calls and that take what the other defines. */
    findBetween: (a: string, b: string) =>
      calledBy(a).filter((file) => file !== b && file !== a && isGiven(file, b)),
    /** Of files in the order of the path: those that do jobs of which none before them enqueues one. */
    findUnasked: (files: readonly string[]) =>
      files.flatMap((file, at) => {
        const jobs = jobsDoneBy(file, files);
        const isAsked = files.slice(0, at).some((before) => enqueuesAny(before, jobs));
        if (jobs.length === 0 || isAsked) return [];
        const others = paths.filter((path) => path !== file && enqueuesAny(path, jobs));
        return [`${file} does ${jobs}, which no file before it enqueues, but ${others} does`];
      }),
  };

  /** The jobs for which a table among the files calls what a file defines. */
  function jobsDoneBy(file: string, tables: readonly string[]): string[] {
    return tables.flatMap((table) => {
      const functions = from(takenBy(table), file).map(({ name }) => name);
      return [...(read(table) ?? '').matchAll(handler)]
        .filter(([, , called = '']) => functions.includes(called))
        .map(([, job = '']) => job);
    });
  }

  function enqueuesAny(file: string, jobs: readonly string[]): boolean {
    const given = callsOf(read(file) ?? '', 'jobFor').join(' ');
    return jobs.some((job) => new RegExp(`\\b${job}\\b`).test(given));
  }

  function isGiven(file: string, b: string): boolean {
    const source = read(file) ?? '';
    return from(takenBy(file), b).some(
      ({ name, isType }) =>
        !isType && name !== '*' && new RegExp(`\\([^;]*\\b${name}\\b|\\b${name}\\(`).test(source),
    );
  }
}

/** Whether a type describes something with functions, and not only fields. */
function canBeCalled(source: string, name: string): boolean {
  const code = source.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
  const declared = new RegExp(`(?:interface|type|class) ${name}\\b[\\s\\S]*?\\n(?=\\S)(?!})`);
  const [text = ''] = declared.exec(code) ?? [];
  return /[(]|ReturnType/.test(text);
}

/** Whether SQL of its own reads or changes a table. */
const queries = (source: string, table: string) =>
  new RegExp(`\\b(from|into|update) ${table}\\b`).test(source);

/** A line of a table of jobs: the job, and the function that does it. */
const handler = /\bjob: (?:\w+\.)?(\w+),\s*run: \([^)]*\) =>\s*(\w+)\(/g;

/** The text between the parentheses of every call of a function. */
function callsOf(source: string, name: string): string[] {
  if (name === '*') return [];
  return [...source.matchAll(new RegExp(`\\b${name}\\(`, 'g'))].map(({ 0: text, index }) => {
    const begin = index + text.length;
    let end = begin;
    for (let open = 1; open > 0 && end < source.length; end++) {
      if (source[end] === '(') open++;
      if (source[end] === ')') open--;
    }
    return source.slice(begin, end);
  });
}
