import { posix } from 'node:path';

/** Lists the relative paths in links and backticks of a Markdown document that do not exist. Ignores patterns and code blocks. */
export function checkDocReferences(
  document: string,
  markdown: string,
  exists: (path: string) => boolean,
): string[] {
  const folder = posix.dirname(document);
  const existsRelative = (path: string) => exists(posix.join(folder, path).replace(/\/$/, ''));
  const existsAnywhere = (path: string) => existsRelative(path) || exists(path.replace(/\/$/, ''));
  const prose = markdown.replace(/^```[\s\S]*?^```/gm, (block) => block.replace(/[^\n]/g, ''));
  return prose.split('\n').flatMap((text, i) => {
    const links = matches(text, /\]\(([^)\s#]+)[^)]*\)/g)
      .filter((path) => !/^([a-z]+:|\/)/.test(path))
      .filter((path) => !existsRelative(path));
    const paths = matches(text, /`([\w.-]*\w\/[\w./{},-]*)`/g)
      .filter((path) => existsAnywhere(path.split('/')[0] ?? ''))
      .filter((path) => !expandBraces(path).every(existsAnywhere));
    return [...links, ...paths].map(
      (path) => `${document}:${i + 1} refers to ${path}, which does not exist`,
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
