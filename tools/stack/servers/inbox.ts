import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../paths.ts';
import type { ProcessSpec } from '../processes/supervised-process.ts';
import { respondsOk } from './http.ts';

/** Older emails are deleted when the inbox starts. */
const MAX_EMAILS = 500;

interface Options {
  directory: string;
  smtpPort: number;
  webPort: number;
}

/** The dev inbox (maildev): accepts all emails by SMTP, and serves them as a page and as JSON. */
export function createInbox({ directory, smtpPort, webPort }: Options) {
  const url = `http://127.0.0.1:${webPort}`;
  const spec: ProcessSpec = {
    name: 'inbox',
    command: [
      process.execPath,
      join(root, 'node_modules/maildev/bin/maildev'),
      ...['--ip', '127.0.0.1', '--smtp', String(smtpPort)],
      ...['--web-ip', '127.0.0.1', '--web', String(webPort)],
      ...['--mail-directory', directory, '--silent'],
    ],
    directory: root,
    prepare: () => removeOldEmails(directory),
    isReady: () => respondsOk(`${url}/healthz`),
    stopTimeoutMs: 3000,
  };
  return { spec, url };
}

/** Deletes incomplete emails, and the oldest ones above the maximum. */
function removeOldEmails(directory: string): void {
  mkdirSync(directory, { recursive: true });
  const mails = readdirSync(directory)
    .filter((name) => name.endsWith('.eml'))
    .map((name) => ({ path: join(directory, name), ...sizeAndTime(join(directory, name)) }))
    .sort((a, b) => b.time - a.time);
  const obsolete = mails.filter(({ size }, index) => size === 0 || index >= MAX_EMAILS);
  for (const { path } of obsolete) {
    rmSync(path);
    rmSync(path.slice(0, -'.eml'.length), { recursive: true, force: true }); // attachments
  }
}

function sizeAndTime(path: string) {
  const { size, mtimeMs } = statSync(path);
  return { size, time: mtimeMs };
}
