/** Texts are few: a program has so many statements, and lists vary with what is asked for. */
const MOST_TEXTS = 2_000;

const known = new Map<string, string>();

/** What figures call a statement: what it does, to which table, by which columns. */
export function nameOf(query: string): string {
  const before = known.get(query);
  if (before !== undefined) return before;
  if (known.size >= MOST_TEXTS) known.clear();
  const name = derive(query);
  known.set(query, name);
  return name;
}

const VERB = /^\s*(\w+)/;
const TABLE = /\b(?:from|into|update|join)\s+((?:"?\w+"?\.)?"?[a-z_]\w*"?)/i;
const FUNCTION = /\b(app\.\w+)\s*\(/i;
const COMPARED = /"?([a-z_]\w*)"? (?:=|in) \(?(?:any\()?\$\d/gi;
const MOST_COLUMNS = 3;

/** Identifiers only: values are never in the text that is asked for. */
function derive(query: string): string {
  const verb = VERB.exec(query)?.[1]?.toLowerCase() ?? 'other';
  const subject = FUNCTION.exec(query)?.[1] ?? TABLE.exec(query)?.[1];
  if (!subject) return verb;
  const condition = query.slice(query.search(/\bwhere\b/i) >>> 0);
  const columns = Array.from(condition.matchAll(COMPARED), ([, column = '']) => column);
  // The tenant is in each.
  const own = [...new Set(columns)].filter((column) => column !== 'tenant_id');
  const by = own.length > 0 ? ` by ${own.slice(0, MOST_COLUMNS).join(', ')}` : '';
  return `${verb} ${subject.replaceAll('"', '').toLowerCase()}${by}`;
}
