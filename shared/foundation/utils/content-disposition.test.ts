import { expect, test } from 'bun:test';
import { contentDisposition } from './content-disposition.ts';

test.each([
  ['\ud800.png', `filename="_.png"; filename*=UTF-8''%EF%BF%BD.png`],
  ['a.png', `filename="a.png"; filename*=UTF-8''a.png`],
  ['"; x="y', `filename="_; x=_y"; filename*=UTF-8''%22%3B%20x%3D%22y`],
  ['größe.pdf', `filename="gr__e.pdf"; filename*=UTF-8''gr%C3%B6%C3%9Fe.pdf`],
  ["it's (1)*.txt", `filename="it's (1)*.txt"; filename*=UTF-8''it%27s%20%281%29%2A.txt`],
  ['a\r\nSet-Cookie: x', `filename="a__Set-Cookie: x"; filename*=UTF-8''a__Set-Cookie%3A%20x`],
])('contentDisposition: file name %p is escaped', (name, expected) => {
  expect(contentDisposition(name)).toBe(`attachment; ${expected}`);
});

test('contentDisposition: the file name is optional', () => {
  expect(contentDisposition(undefined, true)).toBe('inline');
});
