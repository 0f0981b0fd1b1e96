/** `bun run reference [directory]`: a page for every public module, made from its JSDoc. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../verify/run.ts';
import { readModules, writePages } from './pages.ts';

const [directory = join(root, 'docs/reference')] = process.argv.slice(2);
rmSync(directory, { recursive: true, force: true });
mkdirSync(directory, { recursive: true });
const modules = readModules();
for (const [name, text] of writePages(modules)) await Bun.write(join(directory, name), text);
const count = modules.reduce((sum, one) => sum + one.exports.length, 0);
console.log(`${directory}: ${modules.length} modules, ${count} exports`);
