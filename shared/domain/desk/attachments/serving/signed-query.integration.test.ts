import { expect, setSystemTime, test } from 'bun:test';
import { createTokenCodec } from '@insightdesk/shared/security';
import { z } from 'zod';
import { expiresParameter, readSignedQuery, signQuery } from './signed-query.ts';

const signing = { security: { tokenCodec: createTokenCodec('secret') } } as never;
const subject = { purpose: 'image', path: '/files/images/att_1' };
const schema = z.strictObject({ expires: expiresParameter, w: z.coerce.number(), fit: z.string() });
const expires = Math.floor(Date.now() / 1000) + 60;
const sign = (purpose = subject) => signQuery(signing, purpose, { expires, w: 64, fit: 'inside' });
const read = (query: URLSearchParams, of = subject) => readSignedQuery(signing, of, query, schema);

test('readSignedQuery returns the signed parameters, in any order', () => {
  const query = sign();
  query.sort();
  expect(read(query)).toEqual({ expires, w: 64, fit: 'inside', expiresAt: expect.any(Date) });
});

const changes: [change: string, (query: URLSearchParams) => void][] = [
  ['changed', (query) => query.set('w', '128')],
  ['extended', (query) => query.set('expires', '9999999999')],
  ['added', (query) => query.set('h', '64')],
  ['repeated', (query) => query.append('w', '64')],
  ['removed', (query) => query.delete('w')],
  ['without signature', (query) => query.delete('signature')],
  ['with a malformed signature', (query) => query.set('signature', 'a.b.c.d')],
  [
    'with the signature of another path',
    (query) => {
      const other = sign({ ...subject, path: '/files/images/att_2' });
      query.set('signature', other.get('signature') ?? '');
    },
  ],
];

test.each(changes)('readSignedQuery rejects a query that is %s', (_, change) => {
  const query = sign();
  change(query);
  expect(() => read(query)).toThrow('The signature of the link is not valid');
});

test('a signed query is valid for its path and purpose only, until it expires', () => {
  const query = sign();
  for (const other of [
    { ...subject, path: '/files/images/att_2' },
    { ...subject, purpose: 'video' },
  ]) {
    expect(() => read(query, other)).toThrow('The signature of the link is not valid');
  }
  try {
    setSystemTime((expires + 1) * 1000);
    expect(() => read(query)).toThrow('The link has expired');
  } finally {
    setSystemTime();
  }
});
