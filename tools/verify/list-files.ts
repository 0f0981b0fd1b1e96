import { root } from './run.ts';

const places = '{.ci,bench,client,deploy,docs,nginx,services,shared,tests,tools}/**/*';
const ignored =
  /(^|\/)node_modules\/|^bench\/results\/|^client\/dist\/|(^|\/)\.env(?!\.example)|\.log$/;

/** Every file of the project, sorted; a bare machine has no git to ask. */
export function listFiles(): string[] {
  return [places, '{*,.*}']
    .flatMap((pattern) => [...new Bun.Glob(pattern).scanSync({ cwd: root, dot: true })])
    .filter((path) => !ignored.test(path))
    .sort();
}
