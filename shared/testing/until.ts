/** Far longer than anything takes on a busy machine: only what never comes is given up. */
const PATIENCE_MS = 25_000;

/** Asks until it holds. */
export async function until(
  condition: () => unknown,
  { patienceMs = PATIENCE_MS } = {},
): Promise<void> {
  for (const end = performance.now() + patienceMs; !(await condition()); await Bun.sleep(5)) {
    if (performance.now() > end) throw new Error('It did not come to pass');
  }
}
