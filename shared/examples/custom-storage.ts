import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createStorage, type ProviderFactory } from '@insightdesk/shared/storage';

/**
 * A custom storage provider: the disk, with a list of deletions. Selected by
 * `STORAGE_PROVIDER=custom` and `STORAGE_MODULE=shared/examples/custom-storage.ts`.
 */
const createAuditedStorage: ProviderFactory = ({ maxFileBytes, variables }, dependencies) => {
  const directory = variables.AUDITED_DIRECTORY ?? '.data/audited';
  const disk = createStorage({ provider: 'local', directory, maxFileBytes }, dependencies);
  return {
    ...disk,
    async delete(key) {
      await disk.delete(key);
      await appendFile(join(directory, 'deleted.txt'), `${key}\n`);
    },
  };
};

export default createAuditedStorage;
