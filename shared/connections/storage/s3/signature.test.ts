import { expect, test } from 'bun:test';
import { presign, signHeaders } from './signature.ts';

// The examples of "Authenticating Requests (AWS Signature Version 4)" in the Amazon S3 API reference.
const account = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  region: 'us-east-1',
};
const now = new Date('2013-05-24T00:00:00Z');
const urlOf = (path: string) => new URL(`https://examplebucket.s3.amazonaws.com/${path}`);

test.each([
  [
    'GET',
    'test.txt',
    { range: 'bytes=0-9' },
    'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
  ],
  ['GET', '?lifecycle', {}, 'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543'],
  [
    'GET',
    '?max-keys=2&prefix=J',
    {},
    '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
  ],
])('signHeaders: %s %s has the documented signature', (method, path, headers, signature) => {
  const signed = signHeaders(account, { method, url: urlOf(path), headers, now });
  expect(signed.authorization).toEndWith(`Signature=${signature}`);
});

test('presign: the URL has the documented signature', () => {
  const url = presign(account, { method: 'GET', url: urlOf('test.txt'), now }, 86_400);
  expect(url).toEndWith(
    'X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404',
  );
});
