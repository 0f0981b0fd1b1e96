import { expect, test } from 'bun:test';
import { readPages } from './read-pages.ts';

test.each([
  [0, 1],
  [3, 2],
  [4, 3],
  [5, 3],
])('readPages: %p rows in pages of two are read once, by %p queries', async (count, queries) => {
  const rows = Array.from({ length: count }, (_, index) => index);
  const lasts: (number | undefined)[] = [];
  const pages = readPages<number>(2, async (last) => {
    lasts.push(last);
    const start = last === undefined ? 0 : last + 1;
    return rows.slice(start, start + 2);
  });
  expect(await Array.fromAsync(pages)).toEqual(rows);
  expect(lasts).toHaveLength(queries);
});
