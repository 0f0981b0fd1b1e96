const COLORS = [36, 33, 35, 32, 34, 96, 93, 95, 92, 94];
const WIDTH = 'websocket-1'.length;

/** Prints lines with the name of their process, colored on a terminal. Ignores a closed terminal. */
export function createOutput() {
  const color = process.stdout.isTTY && !process.env.NO_COLOR;
  const colors = new Map<string, number>();
  process.stdout.on('error', () => {});
  process.stderr.on('error', () => {});

  function paint(source: string): string {
    const label = source.padEnd(WIDTH);
    if (!color) return `${label} |`;
    const code = colors.get(source) ?? COLORS[colors.size % COLORS.length] ?? 0;
    colors.set(source, code);
    return `\x1b[${code}m${label} |\x1b[0m`;
  }

  return {
    line: (source: string, line: string) => void process.stdout.write(`${paint(source)} ${line}\n`),
    plain: (text: string) => void process.stdout.write(`${text}\n`),
  };
}

/** Formats rows with aligned columns. */
export function formatTable(rows: string[][]): string {
  const widths = rows.reduce<number[]>(
    (widest, row) => row.map((cell, column) => Math.max(cell.length, widest[column] ?? 0)),
    [],
  );
  return rows
    .map((row) => `  ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ')}`.trimEnd())
    .join('\n');
}
