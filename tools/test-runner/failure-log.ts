const LINES_BEFORE = 25;

/** Collects the lines before each failed test in the output of `bun test`, and files that crashed. */
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
