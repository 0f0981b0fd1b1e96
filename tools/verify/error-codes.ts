import { readFileSync } from 'node:fs';
import { STATUS_CODES } from 'node:http';
import { join } from 'node:path';
import * as errors from '@insightdesk/shared/errors';
import { parseSync } from 'oxc-parser';
import { remedies } from './error-remedies.ts';
import { listFiles } from './list-files.ts';
import { root } from './run.ts';

interface ErrorCode {
  code: string;
  status: number;
  /** Undefined where the code builds it. */
  message: string | undefined;
}

interface Node {
  type: string;
  start: number;
  [property: string]: unknown;
}

export const ERRORS_DOCUMENT = 'docs/errors.md';

/** Error classes whose message clients see, with their defaults. */
const classes = new Map(
  Object.entries(errors).flatMap(([name, value]) => {
    if (typeof value !== 'function' || !/^[A-Z]\w*Error$/.test(name)) return [];
    const error: unknown = new (value as new (message?: string, options?: object) => unknown)(
      undefined,
      {},
    );
    const isPublic = error instanceof errors.ServiceError || error instanceof errors.DomainError;
    return isPublic ? [[name, error] as const] : [];
  }),
);

/** The codes of the public errors that a TypeScript file creates. */
export function findErrorCodes(path: string, source: string): ErrorCode[] {
  const program = parseSync(path, source).program as unknown as Node;
  const found: ErrorCode[] = [];
  const helpers = new Map<string, { parameters: string[]; status: number }>();
  const declared: { name: string | undefined; start: number; text: string | undefined }[] = [];
  /** The text of a literal, or of the variable that was declared last with this name. */
  const messageOf = (node: Node | undefined) =>
    textOf(node) ??
    declared.findLast(({ name, start }) => node && name === nameOf(node) && start < node.start)
      ?.text;
  walk(program, (node) => {
    if (node.type === 'VariableDeclarator') {
      const { id, init, start } = node as Node & { id: Node; init: Node | undefined };
      declared.push({ name: nameOf(id), start, text: textOf(init) });
    }
    const helper = helperOf(node);
    if (helper) helpers.set(helper.name, helper);
  });
  walk(program, (node) => {
    const args = (node.arguments ?? []) as Node[];
    const name = nameOf(node.callee as Node | undefined) ?? '';
    const helper = node.type === 'CallExpression' ? helpers.get(name) : undefined;
    if (helper) {
      const argument = (parameter: string) => args[helper.parameters.indexOf(parameter)];
      const message = textOf(argument('message'));
      for (const code of codesIn(argument('code'))) {
        found.push({ code, status: helper.status, message });
      }
    }
    const type = node.type === 'NewExpression' ? classes.get(name) : undefined;
    if (!type) return;
    const options = propertiesOf(args[1]);
    const codes = options.has('code') ? codesIn(options.get('code')) : [type.code];
    const status = options.has('status') ? numberOf(options.get('status')) : type.status;
    if (status === undefined) return; // computed
    const hasMessage = args[0] !== undefined && nameOf(args[0]) !== 'undefined';
    const message = hasMessage ? messageOf(args[0]) : type.detail;
    for (const code of codes) found.push({ code, status, message });
  });
  return found;
}

/** A function `(message, code) => new SomeError(message, { code })`. */
function helperOf(node: Node) {
  const isFunction = node.type === 'FunctionDeclaration';
  const body = (isFunction ? node : node.init) as Node | undefined;
  const name = nameOf(node.id as Node | undefined);
  const parameters = ((body?.params ?? []) as Node[]).map((parameter) => nameOf(parameter) ?? '');
  if (!name || !parameters.includes('code')) return undefined;
  let status: number | undefined;
  walk(body, ({ type, callee, arguments: args }) => {
    const created = type === 'NewExpression' && classes.get(nameOf(callee as Node) ?? '');
    if (!created) return;
    const options = propertiesOf((args as Node[])[1]);
    if (options.has('code')) status = numberOf(options.get('status')) ?? created.status;
  });
  return status === undefined ? undefined : { name, parameters, status };
}

const nameOf = (node: Node | undefined) =>
  node?.type === 'Identifier' ? String(node.name) : undefined;

const numberOf = (node: Node | undefined) =>
  typeof node?.value === 'number' ? node.value : undefined;

/** The text of a literal; a value in a template is an ellipsis. */
function textOf(node: Node | undefined): string | undefined {
  if (typeof node?.value === 'string') return node.value;
  if (node?.type !== 'TemplateLiteral') return undefined;
  return (node.quasis as { value: { cooked: string } }[])
    .map(({ value }) => value.cooked)
    .join('…');
}

function propertiesOf(node: Node | undefined): Map<string, Node> {
  const properties = (node?.type === 'ObjectExpression' ? node.properties : []) as Node[];
  return new Map(
    properties.flatMap(({ key, value }) => {
      const name = nameOf(key as Node | undefined);
      return name ? [[name, value as Node]] : [];
    }),
  );
}

function codesIn(node: Node | undefined): string[] {
  const codes: string[] = [];
  walk(node, ({ value }) => {
    if (typeof value === 'string' && /^[A-Z][A-Z0-9_]+$/.test(value)) codes.push(value);
  });
  return codes;
}

function walk(value: unknown, visit: (node: Node) => void): void {
  if (Array.isArray(value)) {
    for (const item of value) walk(item, visit);
  } else if (typeof value === 'object' && value !== null) {
    if ('type' in value) visit(value as Node);
    for (const child of Object.values(value)) walk(child, visit);
  }
}

/** Errors of nginx itself, from the list in its template. */
function findProxyErrors(): ErrorCode[] {
  const script = readFileSync(join(root, 'nginx/render.sh'), 'utf8');
  const lines = [...script.matchAll(/^(\d{3})\|([A-Z_]+)\|[^|]+\|(.+)$/gm)];
  return lines.map(([, status, code = '', message]) => ({ code, status: Number(status), message }));
}

const product = /^(shared\/(?!testing|examples)|services\/)(?!.*(\.test\.ts|\/testing\/|\/test-))/;

/** Codes that are not in a `new SomeError(…)` with a literal: subclasses and tables. */
const elsewhere: readonly ErrorCode[] = [
  { code: 'INTERNAL', status: 500, message: 'An internal error occurred' },
  { code: 'UNSAFE_URL', status: 422, message: 'The URL leads, or may lead, to a private address' },
  { code: 'TUS_REQUEST_INVALID', status: 400, message: 'The upload request is not valid tus' },
  { code: 'TUS_HEADER_MISSING', status: 403, message: 'A header of tus is missing' },
  { code: 'TUS_VERSION_REQUIRED', status: 412, message: 'Tus-Resumable must be 1.0.0' },
  { code: 'TUS_NOT_SUPPORTED', status: 501, message: 'The tus extension is not supported' },
];

/** `docs/errors.md`: every code that clients can receive, by status. */
export function describeErrorCodes(): string {
  const sources = listFiles().filter((path) => path.endsWith('.ts') && product.test(path));
  const all = [
    ...sources.flatMap((path) => findErrorCodes(path, readFileSync(join(root, path), 'utf8'))),
    ...findProxyErrors(),
    ...elsewhere,
  ];
  const byStatus = Map.groupBy(all, ({ status }) => status);
  const sections = [...byStatus].toSorted(([a], [b]) => a - b).map(describeStatus);
  return `${head}\n${sections.join('\n')}`;
}

const MAX_MESSAGES = 3;

function describeStatus([status, entries]: [number, ErrorCode[]]): string {
  const rows = [...Map.groupBy(entries, ({ code }) => code)]
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([code, of]) => {
      const messages = [...new Set(of.flatMap(({ message }) => message ?? []))].toSorted();
      const rest = messages.length > MAX_MESSAGES ? '; and others' : '';
      const text = messages.slice(0, MAX_MESSAGES).join('; ').replaceAll('|', '\\|');
      return `| \`${code}\` | ${text}${rest} | ${remedies[code] ?? ''} |`;
    });
  return `## ${status} ${STATUS_CODES[status]}\n\n| code | cause, as in \`detail\` | remedy |\n| --- | --- | --- |\n${rows.join('\n')}\n`;
}

const head = `# Error codes

<!-- Generated by \`bun tools/verify/error-codes.ts\`; do not edit. -->

Errors are problem documents (RFC 9457): \`{ type, title, status, code, detail, errors?, requestId }\`. \`code\` is stable; \`detail\` is
for people and may change. \`errors\` lists the invalid fields. Errors of dependencies are 500, 502 or 503 with other codes and without
details; the log line with the \`requestId\` has them. An ellipsis is a value.
`;

if (import.meta.main) await Bun.write(join(root, ERRORS_DOCUMENT), describeErrorCodes());
