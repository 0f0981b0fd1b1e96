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

const refused = { status: 403, code: 'SIGNATURE_INVALID' };

test.each([read, write])('what was signed comes back: %p', async (access) => {
  const url = signer.sign(access, 60);
  expect(url).toStartWith('https://desk.example/files/signed/org/att/original?');
  expect(await signer.verify({ method: access.method, url })).toEqual(access);
});

test('a read may ask for the head only, and may not write, nor a write read', async () => {
  const url = signer.sign(read, 60);
  expect(await signer.verify({ method: 'HEAD', url })).toEqual(read);
  await expect(signer.verify({ method: 'PUT', url })).rejects.toMatchObject(refused);
  const put = signer.sign(write, 60);
  await expect(signer.verify({ method: 'GET', url: put })).rejects.toMatchObject(refused);
  await expect(signer.verify({ method: 'HEAD', url: put })).rejects.toMatchObject(refused);
});

test('no part of it can be changed, added or left out', async () => {
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
  ].filter((one) => new URL(one).href !== url);
  expect(changed).toHaveLength(4 + 2 * names.length);
  for (const one of changed) {
    await expect(signer.verify({ method: 'GET', url: one })).rejects.toMatchObject(refused);
  }
});

test('a signature has one spelling only', async () => {
  const url = signer.sign(read, 60);
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  for (const last of letters.replace(url.slice(-1), '')) {
    const other = url.slice(0, -1) + last;
    await expect(signer.verify({ method: 'GET', url: other })).rejects.toMatchObject(refused);
  }
});

test('a foreign secret signs nothing here', async () => {
  const foreign = createUrlSigner({ secret: 'two', publicUrl: 'https://desk.example' });
  const url = foreign.sign(read, 60);
  await expect(signer.verify({ method: 'GET', url })).rejects.toMatchObject(refused);
});

test('it expires, and then says so', async () => {
  const url = signer.sign(read, 60);
  try {
    setSystemTime(Date.now() + 62_000);
    const late = signer.verify({ method: 'GET', url });
    await expect(late).rejects.toMatchObject({ status: 403, code: 'SIGNATURE_EXPIRED' });
  } finally {
    setSystemTime();
  }
});

test('keys come and go: an address lives as long as the key that signed it', async () => {
  const second = { id: 'second', seal: 'of the second', access: new Uint8Array() };
  const good = new Map([[second.id, second]]);
  const keys = { current: () => second, seek: async (id: string) => good.get(id) };
  const ringed = createUrlSigner({ secret: keys, publicUrl: 'https://desk.example' });
  const url = ringed.sign(read, 60);
  expect(url).toContain('signature=second.');
  expect(await ringed.verify({ method: 'GET', url })).toEqual(read);
  good.delete(second.id);
  await expect(ringed.verify({ method: 'GET', url })).rejects.toMatchObject(refused);
});
