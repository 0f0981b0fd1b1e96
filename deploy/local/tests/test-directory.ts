import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLeftovers, isLocked, wasLocked } from '../processes/leftovers.ts';

const BEGINNING = 'insightdesk-test-';
const YOUNG_MS = 60_000;

/** A data directory for one test run, beside whatever else runs. */
export function createTestDirectory() {
  const path = mkdtempSync(join(tmpdir(), BEGINNING));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Ends and removes what test runs left behind that were killed. */
export async function removeAbandonedTests(): Promise<void> {
  for (const name of readdirSync(tmpdir())) {
    const path = join(tmpdir(), name);
    if (!name.startsWith(BEGINNING) || isLocked(path) || isBeginning(path)) continue;
    await createLeftovers(join(path, 'processes')).clear();
    rmSync(path, { recursive: true, force: true });
  }
}

/** Made a moment ago, and nobody has taken it into use. */
function isBeginning(path: string): boolean {
  const changed = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
  return !wasLocked(path) && Date.now() - changed < YOUNG_MS;
}
