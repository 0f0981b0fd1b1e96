/** A program has a limited number of statements; lists vary with their filters. */
const MAX_TEXTS = 2_000;

const names = new Map<string, string>();

/** The name of a statement in metrics: its verb, its table, and the columns it selects by. */
export function statementName(query: string): string {
  const cached = names.get(query);
  if (cached !== undefined) return cached;
  if (names.size >= MAX_TEXTS) names.clear();
  const name = deriveName(query);
  names.set(query, name);
  return name;
}

const VERB = /^\s*(\w+)/;
const TABLE = /\b(?:from|into|update|join)\s+((?:"?\w+"?\.)?"?[a-z_]\w*"?)/i;
const FUNCTION = /\b(app\.\w+)\s*\(/i;
const COMPARED = /"?([a-z_]\w*)"? (?:=|in) \(?(?:any\()?\$\d/gi;
const MAX_COLUMNS = 3;

/** Has identifiers only: values are parameters and not part of the text. */
function deriveName(query: string): string {
  const verb = VERB.exec(query)?.[1]?.toLowerCase() ?? 'other';
  const subject = FUNCTION.exec(query)?.[1] ?? TABLE.exec(query)?.[1];
  if (!subject) return verb;
  const condition = query.slice(query.search(/\bwhere\b/i) >>> 0);
  const columns = Array.from(condition.matchAll(COMPARED), ([, column = '']) => column);
  // Every statement has the tenant.
  const distinct = [...new Set(columns)].filter((column) => column !== 'tenant_id');
  const by = distinct.length > 0 ? ` by ${distinct.slice(0, MAX_COLUMNS).join(', ')}` : '';
  return `${verb} ${subject.replaceAll('"', '').toLowerCase()}${by}`;
}
