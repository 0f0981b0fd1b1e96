import { parseSync } from 'oxc-parser';
import { allowedNames, refusedFirstWords, refusedWords } from './refused-words.ts';

type Place = 'identifiers' | 'messages';
type Node = { type: string; start: number } & Record<string, unknown>;

const MIN_TITLE_WORDS = 3;

const listFor = (place: Place) =>
  new Map(
    refusedWords
      .filter((entry) => !entry.in || entry.in === place)
      .map(({ word, use }) => [word, use]),
  );
const refused: Record<Place, Map<string, string>> = {
  identifiers: listFor('identifiers'),
  messages: listFor('messages'),
};
const allowed = new Set(allowedNames);

/** The lower-case words of a name in camelCase, snake_case or kebab-case. */
const wordsOf = (name: string) =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z]+/)
    .filter(Boolean);

const find = (place: Place, text: string) => {
  if (place === 'identifiers' && allowed.has(text)) return [];
  return wordsOf(text).filter((word) => refused[place].has(word));
};

const describeWords = (place: Place, location: string, text: string) =>
  find(place, text).map(
    (word) =>
      `${location} '${text.trim().slice(0, 60)}': not '${word}' but ${refused[place].get(word)}`,
  );

/** Refused words in the name of a file or of its folders. */
export const checkPath = (path: string): string[] => describeWords('identifiers', path, path);

/**
 * Refused words in the identifiers and messages of a TypeScript file. A message is a string with a
 * space in it; in tests only titles are checked, because their strings are test data.
 */
export function checkWords(path: string, source: string): string[] {
  const isTest = /\.test\.ts$/.test(path);
  const locationOf = (node: Node) => `${path}:${source.slice(0, node.start).split('\n').length}`;
  const seen = new Set<string>();
  const failures: string[] = [];
  walk(parseSync(path, source).program as unknown as Node, (node) => {
    if (node.type === 'Identifier' || node.type === 'PrivateIdentifier') {
      const name = String(node.name);
      if (seen.has(name)) return;
      seen.add(name);
      failures.push(...describeWords('identifiers', locationOf(node), name));
    }
    if (!isTest) {
      const text = textOf(node);
      if (text !== undefined && / /.test(text)) {
        failures.push(...describeWords('messages', locationOf(node), text));
      }
    } else if (node.type === 'CallExpression' && isTestCall(node)) {
      const [title] = node.arguments as Node[];
      const text = title && titleOf(title);
      if (text !== undefined) failures.push(...checkTitle(locationOf(node), text, callee(node)));
    }
  });
  return failures;
}

function checkTitle(location: string, title: string, name: string): string[] {
  const failures = describeWords('messages', location, title);
  if (name === 'describe') return failures;
  const words = title.trim().split(/\s+/);
  const [first = ''] = words;
  if (refusedFirstWords.includes(first.toLowerCase())) {
    failures.push(`${location} '${title.slice(0, 60)}': a title starts with its subject`);
  }
  if (words.length < MIN_TITLE_WORDS && !/[%$]/.test(title)) {
    failures.push(`${location} '${title}': a title has subject, verb and condition`);
  }
  return failures;
}

function walk(value: unknown, visit: (node: Node) => void): void {
  if (Array.isArray(value)) {
    for (const item of value) walk(item, visit);
  } else if (value && typeof value === 'object') {
    if (typeof (value as Node).type === 'string') visit(value as Node);
    for (const [key, child] of Object.entries(value)) if (key !== 'parent') walk(child, visit);
  }
}

function textOf(node: Node): string | undefined {
  if (node.type === 'Literal' && typeof node.value === 'string') return node.value;
  if (node.type === 'TemplateElement') return (node.value as { raw: string }).raw;
  return undefined;
}

function titleOf(node: Node): string | undefined {
  if (node.type === 'TemplateLiteral') {
    return (node.quasis as Node[]).map(textOf).join('$');
  }
  return textOf(node);
}

/** `test`, `it` or `describe`, also in `test.each(rows)(title)` and `test.skipIf(x)(title)`. */
function callee(node: Node): string {
  let current = node.callee as Node;
  while (current.type === 'CallExpression' || current.type === 'MemberExpression') {
    current = (current.type === 'CallExpression' ? current.callee : current.object) as Node;
  }
  return current.type === 'Identifier' ? String(current.name) : '';
}

const isTestCall = (node: Node) => {
  if (!['test', 'it', 'describe'].includes(callee(node))) return false;
  const [first, ...rest] = node.arguments as Node[];
  return first !== undefined && rest.length > 0;
};

if (import.meta.main) {
  const { listFiles } = await import('./list-files.ts');
  const prefixes = process.argv.slice(2);
  const files = listFiles().filter(
    (path) => prefixes.length === 0 || prefixes.some((prefix) => path.startsWith(prefix)),
  );
  let count = 0;
  for (const path of files) {
    const failures = [
      ...checkPath(path),
      ...(path.endsWith('.ts') ? checkWords(path, await Bun.file(path).text()) : []),
    ];
    count += failures.length;
    for (const failure of failures) console.log(failure);
  }
  console.log(`${count} to rename`);
}
