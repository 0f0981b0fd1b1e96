const LINES_BEFORE = 25;

/** Collects from a run's output what each failed test printed before it said `(fail)`,
 * and each file whose process ended. */
export function createFailureLog() {
  let before: string[] = [];
  const lines: string[] = [];
  return {
    lines,
    add(text: string): void {
      for (const line of text.split('\n')) {
        before.push(line);
        if (!/^\s*(\(fail\)|✗) /.test(line)) continue;
        lines.push(...before.slice(-LINES_BEFORE));
        before = [];
      }
      before = before.slice(-LINES_BEFORE);
    },
  };
}
