import { spawnSync } from 'node:child_process';
import { chownSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** An account that every system has and that owns nothing else; its number is also used in a namespace. */
const ACCOUNT = { name: 'daemon', id: 1 };

/** How to run a program that refuses root: words before its command, and the owner its files must have. */
export interface Unprivileged {
  prefix: string[];
  ownerId: number;
}

/** Not root: as we are. Root: in a user namespace, else as a system account that still reads our files. */
export function findUnprivileged(): Unprivileged {
  const self = process.getuid?.() ?? 0;
  if (self !== 0) return { prefix: [], ownerId: self };
  const namespace = ['unshare', '-U', `--map-user=${ACCOUNT.id}`, `--map-group=${ACCOUNT.id}`];
  if (works(namespace)) return { prefix: namespace, ownerId: 0 };
  const account = [
    'setpriv',
    `--reuid=${ACCOUNT.name}`,
    `--regid=${ACCOUNT.name}`,
    '--clear-groups',
    '--inh-caps=-all,+dac_override',
    '--ambient-caps=-all,+dac_override',
    '--securebits=+no_setuid_fixup', // else access() denies what open() allows
  ];
  if (works(account)) return { prefix: account, ownerId: ACCOUNT.id };
  throw new Error(
    'PostgreSQL refuses to run as root, and neither a user namespace (unshare) nor another account ' +
      '(setpriv) is allowed here. Run as a plain user: adduser insightdesk && su insightdesk -c "npm start"',
  );
}

function works([program = '', ...words]: string[]): boolean {
  return spawnSync(program, [...words, 'true']).status === 0;
}

/** Gives a directory and all in it to an owner, when it is another's: after root chose another way. */
export function giveTo(ownerId: number, directory: string): void {
  if (process.getuid?.() !== 0 || statSync(directory).uid === ownerId) return;
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    chownSync(join(entry.parentPath, entry.name), ownerId, ownerId);
  }
  chownSync(directory, ownerId, ownerId);
}
