import { afterAll, beforeAll, describe } from 'bun:test';
import { createHarness, type TestedProvider } from './harness.ts';
import { describeKeys } from './keys.ts';
import { describeListCopyDelete } from './list-copy-delete.ts';
import { describeReading } from './reading.ts';
import { describeSigning } from './signing.ts';
import { describeFailedUploads, describeUploads } from './uploads.ts';

export { MAX_FILE_BYTES, type TestedProvider } from './harness.ts';

/** Tests the StorageProvider interface on a real provider. */
export function describeStorage(name: string, open: () => Promise<TestedProvider>): void {
  describe(name, () => {
    let provider: TestedProvider;
    beforeAll(async () => {
      provider = await open();
    });
    afterAll(() => provider?.dispose());
    const harness = createHarness(() => provider);
    describe('upload', () => describeUploads(harness));
    describe('failed upload', () => describeFailedUploads(harness));
    describe('download and metadata', () => describeReading(harness));
    describe('list, copy, delete', () => describeListCopyDelete(harness));
    describe('signed URLs', () => describeSigning(harness));
    describe('keys', () => describeKeys(harness));
  });
}
