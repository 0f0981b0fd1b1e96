import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { dataDirectory } from './paths.ts';
import { writeFileAtomically } from './write-file.ts';

/** Addresses and pids of a running stack. The file exists only while the stack is ready. */
export interface RunFile {
  ready: true;
  url: string;
  /** Path of the CA certificate to trust. */
  ca: string;
  inbox: string;
  smtpPort: number;
  postgres: string;
  valkey: string;
  services: { name: string; kind: 'api' | 'websocket' | 'worker'; pid: number; url: string }[];
}

export const runFilePath = (directory = dataDirectory()) => join(directory, 'run.json');

/** The run file of a data directory, if its stack is ready. */
export function findRunFile(directory = dataDirectory()): RunFile | undefined {
  const path = runFilePath(directory);
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
}

export function writeRunFile(directory: string, run: RunFile): void {
  writeFileAtomically(runFilePath(directory), `${JSON.stringify(run, null, 2)}\n`);
}

export function removeRunFile(directory: string): void {
  rmSync(runFilePath(directory), { force: true });
}
