// `bun run bench [name]`: measures against a floor in the same run, while `npm start` runs.
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** One figure and its floor, in the same unit. */
export interface Row {
  name: string;
  unit: string;
  floor: number;
  ours: number;
}

const directory = import.meta.dir;
const wanted = process.argv[2];
const names = readdirSync(directory)
  .filter((file) => file.endsWith('.bench.ts'))
  .map((file) => file.replace('.bench.ts', ''))
  .filter((name) => !wanted || name === wanted);
if (names.length === 0) throw new Error(`There is no benchmark called ${wanted}`);

for (const name of names) {
  const { default: measure } = await import(join(directory, `${name}.bench.ts`));
  const rows: Row[] = await measure();
  console.log(`\n${name}`);
  console.table(
    rows.map(({ floor, ours, unit, ...row }) => ({
      ...row,
      floor: `${Math.round(floor)} ${unit}`,
      ours: `${Math.round(ours)} ${unit}`,
      ratio: (ours / floor).toFixed(2),
    })),
  );
  const results = join(directory, 'results');
  mkdirSync(results, { recursive: true });
  writeFileSync(join(results, `${name}.json`), JSON.stringify({ at: new Date(), rows }, null, 2));
}
process.exit(0);
