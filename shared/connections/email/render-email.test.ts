import { expect, test } from 'bun:test';
import { renderEmail } from './index.ts';

const content = {
  title: 'A <b>bold</b> title',
  paragraphs: ['<script>alert(1)</script>', 'two\nlines'],
  action: { label: 'Go & see', url: 'https://example.com/?a=1&b="' },
  footer: "It's us",
};

test('text of users is escaped in HTML', () => {
  const { html } = renderEmail(content);
  expect(html).not.toMatch(/<script|<b>/);
  expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
  expect(html.match(/href="https:\/\/example.com\/\?a=1&amp;b=&quot;"/g)).toHaveLength(2);
  expect(html).toContain('two<br />\nlines');
  expect(html).toContain('It&#39;s us');
});

test('the plain text has the same content without escaping', () => {
  expect(renderEmail(content).text).toBe(
    'A <b>bold</b> title\n\n<script>alert(1)</script>\n\ntwo\nlines\n\n' +
      'Go & see:\nhttps://example.com/?a=1&b="\n\n-- \nIt\'s us\n',
  );
});

test('an email without action has no link', () => {
  const { action, ...plain } = content;
  const { html, text } = renderEmail(plain);
  expect(html).not.toContain('<a ');
  expect(text).not.toContain(action.url);
});

test('the HTML supports small screens and screen readers', () => {
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
  'an action with the URL %s is rejected',
  (url) => {
    const action = { label: 'Click', url };
    expect(() => renderEmail({ ...content, action })).toThrow('not a web link');
  },
);
