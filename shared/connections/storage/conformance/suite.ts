import { afterAll, beforeAll, describe } from 'bun:test';
import { createHarness, type Subject } from './harness.ts';
import { describeKeys } from './keys.ts';
import { describeReading } from './reading.ts';
import { describeSigning } from './signing.ts';
import { describeListCopyDelete } from './list-copy-delete.ts';
import { describeFailedUploads, describeUploads } from './uploads.ts';

export { MAX_FILE_BYTES, type Subject } from './harness.ts';

/** The promises of the storage contract, checked on a real provider. */
export function describeStorage(name: string, open: () => Promise<Subject>): void {
  describe(name, () => {
    let subject: Subject;
    beforeAll(async () => {
      subject = await open();
    });
    afterAll(() => subject?.dispose());
    const harness = createHarness(() => subject);
    describe('upload', () => describeUploads(harness));
    describe('an upload that fails leaves nothing and keeps what was there', () =>
      describeFailedUploads(harness));
    describe('reading', () => describeReading(harness));
    describe('list, copy, delete', () => describeListCopyDelete(harness));
    describe('signed', () => describeSigning(harness));
    describe('refuses a key that is', () => describeKeys(harness));
  });
}
