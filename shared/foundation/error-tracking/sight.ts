const seen = new WeakSet<object>();
/** Causes and causes of causes. */
const MOST = 50;

/** Whether neither the error nor what caused it was shown here before; texts are always new. */
export function isFirstSight(error: unknown): boolean {
  const all = withCauses(error);
  const isNew = !all.some((one) => seen.has(one));
  for (const one of all) seen.add(one);
  return isNew;
}

function withCauses(error: unknown): object[] {
  const found = new Set<object>();
  const waiting = [error];
  while (waiting.length > 0 && found.size < MOST) {
    const one = waiting.shift();
    if (typeof one !== 'object' || one === null || found.has(one)) continue;
    found.add(one);
    const { cause, errors } = one as { cause?: unknown; errors?: unknown };
    waiting.push(cause, ...(Array.isArray(errors) ? errors.slice(0, MOST) : []));
  }
  return [...found];
}
