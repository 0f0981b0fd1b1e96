import {
  joinInside,
  makeDirectory,
  readFileChunks,
  removeDirectory,
  resolveInside,
  withTempDirectory,
} from '@insightdesk/shared/files';
import { hashBytes } from '@insightdesk/shared/streams';

/**
 * Size and hash of the files that are wanted of an archive. A tool unpacks it where nothing else is,
 * and whatever names and links a stranger put in it, nothing outside is read (422 `INVALID_PATH`).
 */
export const unpack = (unpackInto: (directory: string) => Promise<void>, wanted: string[]) =>
  withTempDirectory(async (directory) => {
    const unpacked = joinInside(directory, 'unpacked');
    await makeDirectory(unpacked);
    await unpackInto(unpacked);
    await removeDirectory(joinInside(unpacked, '__MACOSX'));
    return Promise.all(
      wanted.map(async (name) => {
        const path = await resolveInside(unpacked, name);
        return path && hashBytes(readFileChunks(path));
      }),
    );
  });
