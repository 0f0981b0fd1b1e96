import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../paths.ts';
import type { ProcessSpec } from '../processes/supervised-process.ts';
import { answersOk } from './http.ts';

/** Older mails go when the inbox starts. */
const MAX_EMAILS = 500;

interface Options {
  directory: string;
  smtpPort: number;
  webPort: number;
}

/** The dev inbox: takes every mail by SMTP, shows it on a page and as JSON, sends none on. */
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
    isReady: () => answersOk(`${url}/healthz`),
    stopTimeoutMs: 3000,
  };
  return { spec, url };
}

/** What was cut off while it arrived is no mail, and nobody reads thousands. */
function removeOldEmails(directory: string): void {
  mkdirSync(directory, { recursive: true });
  const mails = readdirSync(directory)
    .filter((name) => name.endsWith('.eml'))
    .map((name) => ({ path: join(directory, name), ...sizeAndTime(join(directory, name)) }))
    .sort((a, b) => b.time - a.time);
  const unwanted = mails.filter(({ size }, index) => size === 0 || index >= MAX_EMAILS);
  for (const { path } of unwanted) {
    rmSync(path);
    rmSync(path.slice(0, -'.eml'.length), { recursive: true, force: true }); // its attachments
  }
}

function sizeAndTime(path: string) {
  const { size, mtimeMs } = statSync(path);
  return { size, time: mtimeMs };
}
