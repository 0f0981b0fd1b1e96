// `bun run bench [name]`: measures against a floor in the same run, while `npm start` runs.
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** One metric and its floors, in the same unit. */
export interface Row {
  name: string;
  unit: string;
  floor: number;
  ours: number;
  /** The same floor on Node, where the first one is on Bun. */
  node?: number;
  /** The same on what most would take: Express, pg and jsonwebtoken. */
  conventional?: number;
  /** What the ratio to the first floor should be. */
  target?: string;
}

const directory = import.meta.dir;
const wanted = process.argv[2];
const names = readdirSync(directory)
  .filter((file) => file.endsWith('.bench.ts'))
  .map((file) => file.replace('.bench.ts', ''))
  .filter((name) => !wanted || name === wanted);
if (names.length === 0) throw new Error(`There is no benchmark called ${wanted}`);

const show = (value: number) => (value >= 100 ? Math.round(value) : Number(value.toPrecision(3)));

for (const name of names) {
  const { default: measure } = await import(join(directory, `${name}.bench.ts`));
  const rows: Row[] = await measure();
  console.log(`\n${name}`);
  console.table(
    rows.map(({ name: metric, floor, ours, unit, node, conventional, target }) => ({
      metric,
      unit,
      floor: show(floor),
      ours: show(ours),
      ratio: (ours / floor).toFixed(2),
      ...(target && { target }),
      ...(conventional !== undefined && { Express: show(conventional) }),
      ...(node !== undefined && {
        'floor on Node': show(node),
        'to Node': (ours / node).toFixed(2),
      }),
    })),
  );
  const results = join(directory, 'results');
  mkdirSync(results, { recursive: true });
  writeFileSync(join(results, `${name}.json`), JSON.stringify({ at: new Date(), rows }, null, 2));
}
process.exit(0);
