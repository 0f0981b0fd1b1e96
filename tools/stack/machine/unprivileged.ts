import { spawnSync } from 'node:child_process';
import { chownSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** An account that exists on every system. Its id is also used in the user namespace. */
const ACCOUNT = { name: 'daemon', id: 1 };

/** Command prefix for a program that refuses to run as root, and the required owner of its files. */
export interface Unprivileged {
  prefix: string[];
  ownerId: number;
}

/** Without root: the current user. As root: a user namespace, or else a system account that can read the clone. */
export function findUnprivileged(): Unprivileged {
  const self = process.getuid?.() ?? 0;
  if (self !== 0) return { prefix: [], ownerId: self };
  const namespace = ['unshare', '-U', `--map-user=${ACCOUNT.id}`, `--map-group=${ACCOUNT.id}`];
  if (succeeds(namespace)) return { prefix: namespace, ownerId: 0 };
  const account = [
    'setpriv',
    `--reuid=${ACCOUNT.name}`,
    `--regid=${ACCOUNT.name}`,
    '--clear-groups',
    '--inh-caps=-all,+dac_override',
    '--ambient-caps=-all,+dac_override',
    '--securebits=+no_setuid_fixup', // otherwise access() denies files that open() allows
  ];
  if (succeeds(account)) return { prefix: account, ownerId: ACCOUNT.id };
  throw new Error(
    'PostgreSQL refuses to run as root, and neither a user namespace (unshare) nor another account ' +
      '(setpriv) is allowed here. Run as another user: adduser insightdesk && su insightdesk -c "npm start"',
  );
}

function succeeds([program = '', ...args]: string[]): boolean {
  return spawnSync(program, [...args, 'true']).status === 0;
}

/** Changes the owner of a directory and its content, if it is root's and differs. */
export function changeOwner(ownerId: number, directory: string): void {
  if (process.getuid?.() !== 0 || statSync(directory).uid === ownerId) return;
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    chownSync(join(entry.parentPath, entry.name), ownerId, ownerId);
  }
  chownSync(directory, ownerId, ownerId);
}
