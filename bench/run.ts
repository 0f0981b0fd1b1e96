// `bun run bench [name]`: runs benchmarks with their floors on the stack of `npm start`.
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** One metric and its floors, in the same unit. */
export interface Row {
  name: string;
  unit: string;
  floor: number;
  ours: number;
  /** The first floor on Node instead of Bun. */
  node?: number;
  /** A conventional floor: Express, pg and jsonwebtoken. */
  conventional?: number;
  /** The required ratio to the first floor. */
  target?: string;
}

const directory = import.meta.dir;
const requested = process.argv[2];
const names = readdirSync(directory)
  .filter((file) => file.endsWith('.bench.ts'))
  .map((file) => file.replace('.bench.ts', ''))
  .filter((name) => !requested || name === requested);
if (names.length === 0) throw new Error(`Unknown benchmark ${requested}`);

const round = (value: number) => (value >= 100 ? Math.round(value) : Number(value.toPrecision(3)));

for (const name of names) {
  const { default: measure } = await import(join(directory, `${name}.bench.ts`));
  const rows: Row[] = await measure();
  console.log(`\n${name}`);
  console.table(
    rows.map(({ name: metric, floor, ours, unit, node, conventional, target }) => ({
      metric,
      unit,
      floor: round(floor),
      ours: round(ours),
      ratio: (ours / floor).toFixed(2),
      ...(target && { target }),
      ...(conventional !== undefined && { Express: round(conventional) }),
      ...(node !== undefined && {
        'floor on Node': round(node),
        'to Node': (ours / node).toFixed(2),
      }),
    })),
  );
  const results = join(directory, 'results');
  mkdirSync(results, { recursive: true });
  writeFileSync(join(results, `${name}.json`), JSON.stringify({ at: new Date(), rows }, null, 2));
}
process.exit(0);
