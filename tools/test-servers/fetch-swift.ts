import { join } from 'node:path';
import { ensureCached, systemKey } from '../stack/machine/cache.ts';
import {
  fetchDebs,
  findPrograms,
  findUnpacked,
  type Log,
  libraryPath,
  logProgress,
  type Tool,
} from '../stack/machine/toolchain.ts';
import { runCommand } from '../stack/processes/run-command.ts';

const PACKAGES = ['swift-proxy', 'swift-account', 'swift-container', 'swift-object'];

/** A Python that can import OpenStack Swift, the S3 server of the tests, from packages in the cache. */
export async function requireSwift(log: Log): Promise<Tool> {
  const directory = await ensureCached(`${systemKey()}-swift`, (draft) =>
    logProgress(log, `fetching ${PACKAGES.join(', ')}`, fetchDebs(draft, PACKAGES)),
  );
  const env = {
    PYTHONPATH: join(directory, 'usr/lib/python3/dist-packages'),
    PYTHONDONTWRITEBYTECODE: '1',
    LD_LIBRARY_PATH: libraryPath(directory),
  };
  // The packages work with the system's Python only; the first one on PATH may be another.
  const unpacked = findUnpacked(directory, 'python3')?.path;
  for (const path of [...(unpacked ? [unpacked] : []), ...findPrograms('python3')]) {
    const check = runCommand([path, '-c', 'import swift.common.utils, xattr, lxml.etree'], { env });
    if (
      await check.then(
        () => true,
        () => false,
      )
    )
      return { path, env };
  }
  throw new Error(`No python3 can import the packages in ${directory}`);
}
