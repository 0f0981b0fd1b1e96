import { expect, test } from 'bun:test';
import { toPage } from './page.ts';

const rowsOf = (count: number, body: string) =>
  Array.from({ length: count }, (_, number) => ({ number, body }));
const keyOf = ({ number }: { number: number }) => number;
const cursorOf = (key: number) => Buffer.from(String(key)).toString('base64url');

test('toPage: a page ends early at 512 KiB of JSON, also of escaped characters', () => {
  // Each control character is six bytes of JSON.
  const rows = rowsOf(101, '\u0001'.repeat(10_000));
  const { items, nextCursor } = toPage(rows, 100, keyOf, (row) => row);
  expect(items.length).toBeWithin(1, 100);
  expect(Buffer.byteLength(JSON.stringify(items))).toBeLessThanOrEqual(512 * 1024);
  expect(nextCursor).toBe(cursorOf(items.length - 1));
});

test('toPage: an item that is larger than a page is a page by itself', () => {
  const { items, nextCursor } = toPage(rowsOf(2, 'x'.repeat(2 ** 20)), 25, keyOf, (row) => row);
  expect(items).toHaveLength(1);
  expect(nextCursor).toBe(cursorOf(0));
});

test('toPage: without further rows the list ends, or goes on after the given key', () => {
  const rows = rowsOf(2, 'x');
  expect(toPage(rows, 25, keyOf, (row) => row).nextCursor).toBeNull();
  expect(toPage(rows, 25, keyOf, (row) => row, 7).nextCursor).toBe(cursorOf(7));
});
