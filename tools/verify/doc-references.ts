import { posix } from 'node:path';

/** One sentence per relative path that a Markdown document names in a link or in backticks and
 * that `exists` does not know; patterns and code blocks are left out. */
export function checkDocReferences(
  document: string,
  markdown: string,
  exists: (path: string) => boolean,
): string[] {
  const folder = posix.dirname(document);
  const isHere = (path: string) => exists(posix.join(folder, path).replace(/\/$/, ''));
  const isFound = (path: string) => isHere(path) || exists(path.replace(/\/$/, ''));
  const prose = markdown.replace(/^```[\s\S]*?^```/gm, (block) => block.replace(/[^\n]/g, ''));
  return prose.split('\n').flatMap((text, i) => {
    const links = matches(text, /\]\(([^)\s#]+)[^)]*\)/g)
      .filter((path) => !/^([a-z]+:|\/)/.test(path))
      .filter((path) => !isHere(path));
    const named = matches(text, /`([\w.-]*\w\/[\w./{},-]*)`/g)
      .filter((path) => isFound(path.split('/')[0] ?? ''))
      .filter((path) => !expandBraces(path).every(isFound));
    return [...links, ...named].map(
      (path) => `${document}:${i + 1} names ${path}, which does not exist`,
    );
  });
}

const matches = (text: string, pattern: RegExp) =>
  [...text.matchAll(pattern)].map((match) => match[1] ?? '');

/** `a/{b,c}.ts` -> `a/b.ts`, `a/c.ts`. */
function expandBraces(path: string): string[] {
  const [, head = '', names, tail = ''] = /^(.*?)\{([^}]*)\}(.*)$/.exec(path) ?? [];
  if (names === undefined) return [path];
  return names.split(',').flatMap((name) => expandBraces(head + name + tail));
}
