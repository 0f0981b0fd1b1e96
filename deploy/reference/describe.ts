/** What is read of a syntax tree. */
export interface Statement {
  type: string;
  start: number;
  end: number;
  declaration?: Statement | null;
  id?: { name?: string; typeAnnotation?: Statement | null; end: number; start: number } | null;
  body?: Statement & { body?: Statement[] };
  declarations?: Statement[];
  init?: Statement | null;
  kind?: string;
  key?: { name?: string; type: string };
  value?: (Statement & { body?: Statement | null }) | null;
  accessibility?: string | null;
  callee?: Statement;
  arguments?: Statement[];
  properties?: Statement[];
}

interface File {
  text: string;
  comments: readonly { type: string; value: string; start: number; end: number }[];
}

const LONGEST_VALUE = 600;

/** How `name` looks and what it says of itself, if the statement declares it. */
export function describe(statement: Statement, name: string, file: File) {
  const declared = statement.declaration ?? statement;
  const signature = signatureOf(declared, name, file);
  if (signature === undefined) return undefined;
  return { signature: signature.trim(), doc: docBefore(statement.start, file) };
}

function signatureOf(declared: Statement, name: string, file: File): string | undefined {
  const { text } = file;
  if (declared.type === 'VariableDeclaration') {
    const one = declared.declarations?.find(({ id }) => id?.name === name);
    return one && variable(one, name, text);
  }
  if (declared.id?.name !== name) return undefined;
  switch (declared.type) {
    case 'FunctionDeclaration':
      return text.slice(declared.start, declared.body?.start ?? declared.end);
    case 'TSDeclareFunction':
    case 'TSInterfaceDeclaration':
    case 'TSTypeAliasDeclaration':
      return text.slice(declared.start, declared.end);
    case 'ClassDeclaration':
      return classOf(declared, file);
    default:
      return undefined;
  }
}

function variable({ id, init, start, end }: Statement, name: string, text: string): string {
  if (id?.typeAnnotation) return `const ${text.slice(start, id.typeAnnotation.end)}`;
  if (init?.type === 'ArrowFunctionExpression' && init.body) {
    return `const ${text
      .slice(start, init.body.start)
      .replace(/\(?\s*$/, '')
      .trimEnd()} …`;
  }
  const [described] = init?.arguments ?? [];
  if (init?.callee && described?.properties?.some(isCode)) {
    const told = described.properties.filter((one) => !isCode(one));
    const lines = told.map((one) => `  ${text.slice(one.start, one.end)},`);
    return `const ${name} = ${text.slice(init.start, described.start)}{\n${lines.join('\n')}\n})`;
  }
  const whole = text.slice(start, end);
  return `const ${whole.length <= LONGEST_VALUE ? whole : `${name} = …`}`;
}

/** What an action does is its own affair; who may, with what and what comes of it is told. */
const isCode = ({ value }: Statement) => /Function/.test(value?.type ?? '');

/** A class without the insides of its methods and without what is private. */
function classOf(declared: Statement, file: File): string {
  const { text } = file;
  const { body } = declared;
  if (!body) return text.slice(declared.start, declared.end);
  const members = (body.body ?? [])
    .filter(
      ({ key, accessibility }) => key?.type !== 'PrivateIdentifier' && accessibility !== 'private',
    )
    .map((member) => {
      const end = member.value?.body?.start ?? member.value?.start ?? member.end;
      const head = text.slice(member.start, end).replace(/\s*=?\s*$/, '');
      const doc = docBefore(member.start, file);
      return `${doc ? `  /** ${doc.replaceAll('\n', ' ')} */\n` : ''}  ${head.replace(/;$/, '')};`;
    });
  return `${text.slice(declared.start, body.start)}{\n${members.join('\n')}\n}`;
}

/** The words of the JSDoc that ends right before `start`. */
export function docBefore(start: number, { text, comments }: File): string {
  const comment = comments.findLast(({ end }) => end <= start);
  if (!comment?.value.startsWith('*') || text.slice(comment.end, start).trim() !== '') return '';
  return wordsOf(comment.value);
}

/** What stands at the head of a file, if it is about the file. */
export function docOfFile({ text, comments }: File): string {
  const [first] = comments;
  if (!first?.value.startsWith('*') || text.slice(0, first.start).trim() !== '') return '';
  return wordsOf(first.value);
}

const wordsOf = (comment: string) =>
  comment
    .slice(1)
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, '').trimEnd())
    .join('\n')
    .trim();
