import { afterAll, beforeAll, describe } from 'bun:test';
import { createDesk, type Subject } from './desk.ts';
import { describeKeys } from './keys.ts';
import { describeReading } from './reading.ts';
import { describeSigning } from './signing.ts';
import { describeTidiness } from './tidiness.ts';
import { describeFailedUploads, describeUploads } from './uploads.ts';

export { MAX_FILE_BYTES, type Subject } from './desk.ts';

/** The promises of the storage contract, checked on a real provider. */
export function describeStorage(name: string, open: () => Promise<Subject>): void {
  describe(name, () => {
    let subject: Subject;
    beforeAll(async () => {
      subject = await open();
    });
    afterAll(() => subject?.dispose());
    const desk = createDesk(() => subject);
    describe('upload', () => describeUploads(desk));
    describe('an upload that fails leaves nothing and keeps what was there', () =>
      describeFailedUploads(desk));
    describe('reading', () => describeReading(desk));
    describe('list, copy, delete', () => describeTidiness(desk));
    describe('signed', () => describeSigning(desk));
    describe('refuses a key that is', () => describeKeys(desk));
  });
}
