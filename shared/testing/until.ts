/** Far longer than anything takes on a busy machine: only what never comes is given up. */
const PATIENCE_MS = 60_000;

/** Asks until it holds. */
export async function until(condition: () => unknown): Promise<void> {
  for (const end = performance.now() + PATIENCE_MS; !(await condition()); await Bun.sleep(5)) {
    if (performance.now() > end) throw new Error('It did not come to pass');
  }
}
