import { expect, setSystemTime, test } from 'bun:test';
import { createUrlSigner, type SignedAccess } from './index.ts';

const signer = createUrlSigner({ secret: 'one', publicUrl: 'https://desk.example/' });
const read: SignedAccess = {
  method: 'GET',
  key: 'org/att/original',
  contentType: 'image/png',
  fileName: 'Ünï & "co".png',
  inline: true,
};
const write: SignedAccess = {
  method: 'PUT',
  key: 'org/att/original',
  contentType: 'text/plain; charset=utf-8',
  sizeBytes: 12,
  maxBytes: 20,
};

const invalid = { status: 403, code: 'SIGNATURE_INVALID' };

test.each([read, write])('verify returns the signed access: %p', async (access) => {
  const url = signer.sign(access, 60);
  expect(url).toStartWith('https://desk.example/files/signed/org/att/original?');
  expect(await signer.verify({ method: access.method, url })).toEqual(access);
});

test('a download URL allows HEAD and no PUT, an upload URL no GET', async () => {
  const url = signer.sign(read, 60);
  expect(await signer.verify({ method: 'HEAD', url })).toEqual(read);
  await expect(signer.verify({ method: 'PUT', url })).rejects.toMatchObject(invalid);
  const put = signer.sign(write, 60);
  await expect(signer.verify({ method: 'GET', url: put })).rejects.toMatchObject(invalid);
  await expect(signer.verify({ method: 'HEAD', url: put })).rejects.toMatchObject(invalid);
});

test('a changed, added or missing parameter makes a URL invalid', async () => {
  const url = signer.sign(read, 60);
  const names = [...new URL(url).searchParams.keys()];
  const changed = [
    url.replace('/org/', '/ogr/'),
    url.replace('/signed/', '/signed/x/../'),
    url.replace('/att/', '%2Fatt%2F'),
    url.replace('/files/signed/org', '/files/signed/other/../org/'),
    `${url}&sizeBytes=1`,
    ...names.flatMap((name) => {
      const [other, without] = [new URL(url), new URL(url)];
      other.searchParams.set(name, `${other.searchParams.get(name)}0`);
      without.searchParams.delete(name);
      return [other.href, without.href];
    }),
  ].filter((changedUrl) => new URL(changedUrl).href !== url);
  expect(changed).toHaveLength(4 + 2 * names.length);
  for (const changedUrl of changed) {
    await expect(signer.verify({ method: 'GET', url: changedUrl })).rejects.toMatchObject(invalid);
  }
});

test('a signature with another last character is invalid', async () => {
  const url = signer.sign(read, 60);
  const base64url = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  for (const last of base64url.replace(url.slice(-1), '')) {
    const other = url.slice(0, -1) + last;
    await expect(signer.verify({ method: 'GET', url: other })).rejects.toMatchObject(invalid);
  }
});

test('a URL signed with another secret is invalid', async () => {
  const foreign = createUrlSigner({ secret: 'two', publicUrl: 'https://desk.example' });
  const url = foreign.sign(read, 60);
  await expect(signer.verify({ method: 'GET', url })).rejects.toMatchObject(invalid);
});

test('an expired URL is rejected with SIGNATURE_EXPIRED', async () => {
  const url = signer.sign(read, 60);
  try {
    setSystemTime(Date.now() + 62_000);
    const late = signer.verify({ method: 'GET', url });
    await expect(late).rejects.toMatchObject({ status: 403, code: 'SIGNATURE_EXPIRED' });
  } finally {
    setSystemTime();
  }
});

test('a URL is invalid after its signing key is deleted', async () => {
  const second = { id: 'second', tokenSecret: 'second-secret', access: new Uint8Array() };
  const stored = new Map([[second.id, second]]);
  const keys = { current: () => second, findOrRefresh: async (id: string) => stored.get(id) };
  const keySigner = createUrlSigner({ secret: keys, publicUrl: 'https://desk.example' });
  const url = keySigner.sign(read, 60);
  expect(url).toContain('signature=second.');
  expect(await keySigner.verify({ method: 'GET', url })).toEqual(read);
  stored.delete(second.id);
  await expect(keySigner.verify({ method: 'GET', url })).rejects.toMatchObject(invalid);
});
