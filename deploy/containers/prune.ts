/**
 * Deletes from node_modules the files that no service loads: source maps, types, the dependencies of the API
 * reference, which is bundled, and Sentry's plugins for bundlers and its CommonJS copies. Runs while the image is
 * built.
 */
import { readdirSync, realpathSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

const store = realpathSync('node_modules/.bun');
/** Packages of which only these files are loaded, without their dependencies. */
const bundledPackages: Record<string, string[]> = {
  // The entry file is resolved to find the other one.
  '@scalar/api-reference': ['package.json', 'dist/index.js', 'dist/browser/standalone.js'],
};
const unusedPackages = /^(typescript|bun-types|@types\/.+|@sentry\/bundler-plugins)$/;
const unusedFiles = /\.map$|\.d\.[cm]?ts$|\/@sentry\/[\w-]+\/build\/cjs\//;

/** Names of the packages in a node_modules folder, with their scopes. */
function listPackages(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    if (name.startsWith('.')) return [];
    if (!name.startsWith('@')) return [name];
    return readdirSync(join(folder, name)).map((inner) => `${name}/${inner}`);
  });
}

/** Names of the packages that services depend on, by path. */
const reachable = new Map<string, string>();

function addReachable(folder: string): void {
  for (const name of listPackages(folder)) {
    if (unusedPackages.test(name)) continue;
    const path = realpathSync(join(folder, name));
    if (reachable.has(path) || !path.startsWith(store)) continue;
    reachable.set(path, name);
    if (!bundledPackages[name]) addReachable(path.slice(0, -name.length - 1));
  }
}

for (const module of ['shared', ...readdirSync('services').map((name) => `services/${name}`)]) {
  addReachable(join(module, 'node_modules'));
}
const usedIds = new Set(
  [...reachable].map(([path, name]) => basename(dirname(path.slice(0, -name.length - 1)))),
);
for (const id of readdirSync(store)) {
  if (!usedIds.has(id)) rmSync(join(store, id), { recursive: true });
}
for (const [path, name] of reachable) {
  const loadedFiles = bundledPackages[name]?.map((file) => join(path, file));
  for (const entry of readdirSync(path, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    const isUnused = loadedFiles ? !loadedFiles.includes(file) : unusedFiles.test(file);
    if (entry.isFile() && isUnused) rmSync(file);
  }
}
