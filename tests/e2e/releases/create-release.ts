import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from '../../../tools/stack/paths.ts';
import { runCommand } from '../../../tools/stack/processes/run-command.ts';
import { listFiles } from '../../../tools/verify/list-files.ts';

const MIGRATIONS = 'shared/connections/database/migrations';
const JOURNAL = `${MIGRATIONS}/meta/_journal.json`;
const LOCK = 'bun.lock';

/** Files that services need at run time. */
const isDeployed = (path: string) =>
  /^((services|shared|client|deploy)\/|package\.json$|bunfig\.toml$|tsconfig\.json$)/.test(path);

export interface SchemaChange {
  /** The name and statements of its migration. */
  migration: { name: string; statements: string[] };
  /** Replacements by file. Each `from` must occur once. */
  edits: Record<string, [from: string, to: string][]>;
}

interface Journal {
  entries: { idx: number; version: string; when: number; tag: string; breakpoints: boolean }[];
}

const textOf = (tree: string, path: string) => readFileSync(join(tree, path), 'utf8');
const countMigrations = (journal: string) => (JSON.parse(journal) as Journal).entries.length;

/** Copies this tree and applies schema changes to it, in order. */
export function createRelease(tree: string, changes: SchemaChange[]): string {
  for (const path of listFiles().filter(isDeployed)) {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    cpSync(join(root, path), join(tree, path));
  }
  linkDependencies(tree);
  for (const { migration, edits } of changes) {
    addMigration(tree, migration);
    for (const [path, lines] of Object.entries(edits)) {
      writeFileSync(join(tree, path), lines.reduce(edit, textOf(tree, path)));
    }
  }
  return tree;
}

function edit(text: string, [from, to]: [string, string]): string {
  const [before, after, ...more] = text.split(from);
  if (after === undefined || more.length > 0) throw new Error(`The text must occur once: ${from}`);
  return `${before}${to}${after}`;
}

function addMigration(tree: string, { name, statements }: SchemaChange['migration']): void {
  const journal: Journal = JSON.parse(textOf(tree, JOURNAL));
  const last = journal.entries.at(-1);
  if (!last) throw new Error('The journal contains no migration');
  const idx = last.idx + 1;
  const tag = `${String(idx).padStart(4, '0')}_${name}`;
  journal.entries.push({ ...last, idx, tag, when: last.when + 1 });
  writeFileSync(join(tree, JOURNAL), JSON.stringify(journal));
  const text = statements.join('\n--> statement-breakpoint\n');
  writeFileSync(join(tree, MIGRATIONS, `${tag}.sql`), text);
}

/** Links third-party packages to those of this tree. Workspace packages link to those of the copy. */
function linkDependencies(tree: string): void {
  const workspaces = [...new Bun.Glob('**/package.json').scanSync(tree)];
  for (const path of workspaces) {
    const modules = join(dirname(path), 'node_modules');
    if (existsSync(join(root, modules))) copyLinks(tree, modules);
  }
  symlinkSync(join(root, 'node_modules/.bun'), join(tree, 'node_modules/.bun'));
}

const copyLinks = (tree: string, path: string) =>
  cpSync(join(root, path), join(tree, path), {
    recursive: true,
    verbatimSymlinks: true,
    filter: (source) => !source.endsWith('/.bun'),
  });

/** Extracts the last commit with an older schema, or returns the reason why there is none. */
export async function findPreviousRelease(
  tree: string,
): Promise<{ commit: string; count: number } | { reason: string }> {
  const git = (...args: string[]) => {
    const { status, stdout } = spawnSync('git', args, { cwd: root, maxBuffer: 1 << 24 });
    return status === 0 ? stdout.toString() : undefined;
  };
  const history = git('log', '--first-parent', '--max-count=20', '--format=%H', '--', JOURNAL);
  if (!history) return { reason: 'there is no git history' };
  const currentCount = countMigrations(textOf(root, JOURNAL));
  const counts = history
    .trim()
    .split('\n')
    .map((commit) => ({ commit, journal: git('show', `${commit}:${JOURNAL}`) }))
    .map(({ commit, journal }) => ({ commit, count: journal ? countMigrations(journal) : 0 }));
  const previous = counts.find(({ count }) => count > 0 && count < currentCount);
  if (!previous) return { reason: 'the git history contains no older schema' };
  mkdirSync(tree, { recursive: true });
  const archive = join(tree, 'release.tar');
  git('archive', '--output', archive, previous.commit);
  try {
    await runCommand(['tar', '-xf', archive], { directory: tree });
    if (textOf(tree, LOCK) === textOf(root, LOCK)) linkDependencies(tree);
    else {
      const flags = ['install', '--frozen-lockfile', '--ignore-scripts', '--production'];
      await runCommand([process.execPath, ...flags], { directory: tree });
    }
  } catch (error) {
    return { reason: `its packages cannot be installed: ${(error as Error).message}` };
  }
  return previous;
}

/** Runs `desk migrate` of a release. */
export async function migrateWith(tree: string, url: string, flags: string[] = []) {
  const child = Bun.spawn([process.execPath, 'services/cli/desk.ts', 'migrate', ...flags], {
    cwd: tree,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, DATABASE_MIGRATION_URL: url },
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const [output, errors] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return { code: await child.exited, output: output + errors };
}
