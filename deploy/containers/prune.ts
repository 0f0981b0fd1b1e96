/**
 * Takes out of an installed node_modules what no service loads: source maps, types, and the
 * packages that only unbundled parts of the API reference need. Run while the image is built.
 */
import { readdirSync, realpathSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

const store = realpathSync('node_modules/.bun');
/** Packages of which only these files are loaded, and none of their dependencies. */
const leaves: Record<string, string[]> = {
  '@scalar/api-reference': ['package.json', 'dist/browser/standalone.js'],
};
const unused = /^(typescript|bun-types|@types\/.+)$/;

/** Names of the packages in a node_modules folder, scopes resolved. */
function packagesIn(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    if (name.startsWith('.')) return [];
    if (!name.startsWith('@')) return [name];
    return readdirSync(join(folder, name)).map((inner) => `${name}/${inner}`);
  });
}

const reached = new Map<string, string>();

function reach(folder: string): void {
  for (const name of packagesIn(folder)) {
    if (unused.test(name)) continue;
    const path = realpathSync(join(folder, name));
    if (reached.has(path) || !path.startsWith(store)) continue;
    reached.set(path, name);
    if (!leaves[name]) reach(path.slice(0, -name.length - 1));
  }
}

for (const module of ['shared', ...readdirSync('services').map((name) => `services/${name}`)]) {
  reach(join(module, 'node_modules'));
}
const used = new Set(
  [...reached].map(([path, name]) => basename(dirname(path.slice(0, -name.length - 1)))),
);
for (const id of readdirSync(store)) {
  if (!used.has(id)) rmSync(join(store, id), { recursive: true });
}
for (const [path, name] of reached) {
  const wanted = leaves[name]?.map((file) => join(path, file));
  for (const entry of readdirSync(path, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    const idle = wanted ? !wanted.includes(file) : /\.map$|\.d\.[cm]?ts$/.test(entry.name);
    if (entry.isFile() && idle) rmSync(file);
  }
}
