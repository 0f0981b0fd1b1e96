import { createStorage, registerProvider } from '@insightdesk/shared/storage';

/**
 * A custom storage provider, selected by `STORAGE_PROVIDER=custom:audited`: the disk, with a callback
 * for deletions. Register it before boot.
 */
export const registerCustomStorage = (onDelete: (key: string) => void) =>
  registerProvider('audited', ({ maxFileBytes, variables }, parts) => {
    const directory = variables.AUDITED_DIRECTORY ?? '.data/audited';
    const disk = createStorage({ provider: 'local', directory, maxFileBytes }, parts);
    return {
      ...disk,
      async delete(key) {
        await disk.delete(key);
        onDelete(key);
      },
    };
  });
