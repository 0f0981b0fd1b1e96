import { root } from './run.ts';

const folders = '{.ci,bench,client,deploy,docs,nginx,services,shared,tests,tools}/**/*';
const ignored =
  /(^|\/)node_modules\/|^bench\/results\/|^client\/dist\/|(^|\/)\.env(?!\.example)|\.log$/;

/** All files of the project, sorted. Works without git. */
export function listFiles(): string[] {
  return [folders, '{*,.*}']
    .flatMap((pattern) => [...new Bun.Glob(pattern).scanSync({ cwd: root, dot: true })])
    .filter((path) => !ignored.test(path))
    .sort();
}
