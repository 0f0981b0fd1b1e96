const PATIENCE_MS = 60_000;
const PAUSE_MS = 250;

/** Asks until it is so; throws with `what` was waited for after a minute. A failure to ask is a no. */
export async function until(what: string, ask: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await ask().catch(() => false))) {
    if (Date.now() > deadline) throw new Error(`Not within ${PATIENCE_MS} ms: ${what}`);
    await Bun.sleep(PAUSE_MS);
  }
}
