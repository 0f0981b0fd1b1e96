const reported = new WeakSet<object>();
const MAX_CAUSES = 50;

/** Marks an error and its causes as reported; false when one of them was already. */
export function markReported(error: unknown): boolean {
  const all = withCauses(error);
  const isNew = !all.some((cause) => reported.has(cause));
  for (const cause of all) reported.add(cause);
  return isNew;
}

function withCauses(first: unknown): object[] {
  const found = new Set<object>();
  const waiting = [first];
  while (waiting.length > 0 && found.size < MAX_CAUSES) {
    const error = waiting.shift();
    if (typeof error !== 'object' || error === null || found.has(error)) continue;
    found.add(error);
    const { cause, errors } = error as { cause?: unknown; errors?: unknown };
    waiting.push(cause, ...(Array.isArray(errors) ? errors.slice(0, MAX_CAUSES) : []));
  }
  return [...found];
}
