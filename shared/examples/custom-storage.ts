import { createStorage, registerProvider } from '@insightdesk/shared/storage';

/**
 * A storage of one's own, chosen by `STORAGE_PROVIDER=custom:told`: the disk, and somebody is told of
 * what is deleted. Registered before boot.
 */
export const registerCustomStorage = (tell: (key: string) => void) =>
  registerProvider('told', ({ maxFileBytes, variables }, parts) => {
    const directory = variables.TOLD_DIRECTORY ?? '.data/told';
    const disk = createStorage({ provider: 'local', directory, maxFileBytes }, parts);
    return {
      ...disk,
      async delete(key) {
        await disk.delete(key);
        tell(key);
      },
    };
  });
