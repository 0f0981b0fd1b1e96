import { expect, test } from 'bun:test';
import { renderEmail } from './index.ts';

const content = {
  title: 'A <b>bold</b> title',
  paragraphs: ['<script>alert(1)</script>', 'two\nlines'],
  action: { label: 'Go & see', url: 'https://example.com/?a=1&b="' },
  footer: "It's us",
};

test('what people wrote is text in HTML, too', () => {
  const { html } = renderEmail(content);
  expect(html).not.toMatch(/<script|<b>/);
  expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
  expect(html.match(/href="https:\/\/example.com\/\?a=1&amp;b=&quot;"/g)).toHaveLength(2);
  expect(html).toContain('two<br />\nlines');
  expect(html).toContain("It's us");
});

test('the plain text says the same, as it was written', () => {
  expect(renderEmail(content).text).toBe(
    'A <b>bold</b> title\n\n<script>alert(1)</script>\n\ntwo\nlines\n\n' +
      'Go & see:\nhttps://example.com/?a=1&b="\n\n-- \nIt\'s us\n',
  );
});

test('without an action there is no link', () => {
  const { action, ...plain } = content;
  const { html, text } = renderEmail(plain);
  expect(html).not.toContain('<a ');
  expect(text).not.toContain(action.url);
});

test('is readable by small screens and by screen readers', () => {
  const { html } = renderEmail(content);
  expect(html).toContain('<html lang="en">');
  expect(html).toContain('width=device-width');
  expect(html).toContain('<title>A &lt;b&gt;bold');
  expect(html.match(/<table /g)).toHaveLength(
    html.match(/<table role="presentation"/g)?.length ?? 0,
  );
  expect(Math.max(...html.split('\n').map((line) => line.length))).toBeLessThan(998);
});

test.each(['javascript:alert(1)', 'data:text/html,x', '/relative', 'nonsense'])(
  '%s is no link to click',
  (url) => {
    const action = { label: 'Click', url };
    expect(() => renderEmail({ ...content, action })).toThrow('not a web link');
  },
);

test.each([
  '<img src=x onerror=alert(1)>',
  '<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">',
  '&lt;img src=x onerror=alert(1)&gt;',
  '<math><mi><table><mglyph><style><math><table id="</table>"><img src onerror=alert(1)">',
])('whatever a message says, its letter has our elements alone: %s', (body) => {
  const ours = countOf(renderEmail({ title: 'x', paragraphs: ['x'], footer: 'x' }).html);
  const { html, text } = renderEmail({ title: body, paragraphs: [body], footer: body });
  expect(countOf(html)).toBe(ours);
  expect(text).toContain(body);
});

/** How many elements a parser finds. */
function countOf(html: string): number {
  let count = 0;
  new HTMLRewriter().on('*', { element: () => void count++ }).transform(html);
  return count;
}
