const known = new Map<string, string>();
/** Statements are composed once, and few; whoever writes theirs anew each time fills this. */
const MAX_KNOWN = 2_000;

/** Verb and table of a statement, such as `select conversations`; undefined for what only surrounds others. */
export function summarize(query: string): string | undefined {
  const summary = known.get(query) ?? read(query);
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(query, summary);
  return summary || undefined;
}

function read(query: string): string {
  const [, first = ''] = /^[\s(]*(\w+)/.exec(query) ?? [];
  const verb = first.toLowerCase();
  if (/^(begin|commit|rollback|set)$/.test(verb)) return '';
  const words = { insert: 'into', update: 'update', delete: 'from', select: 'from' }[verb];
  if (!words) return verb;
  const table = new RegExp(`\\b${words}\\s+"?([\\w.]+)`, 'i').exec(query)?.[1];
  if (table) return `${verb} ${table}`;
  // Such as the scope of a transaction.
  return verb === 'select' ? '' : verb;
}
