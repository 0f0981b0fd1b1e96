import { Hono } from 'hono';
import type { ApiEnv } from './caller.ts';
import invitationPage from './pages/accept-invitation.html' with { type: 'text' };
import frame from './pages/frame.html' with { type: 'text' };
import resetPage from './pages/reset-password.html' with { type: 'text' };
import verifyPage from './pages/verify-email.html' with { type: 'text' };

/** The main element of each page; the frame has style and script. */
const pages = {
  '/invitations/accept': invitationPage,
  '/reset-password': resetPage,
  '/verify-email': verifyPage,
} as unknown as Record<string, string>;

/** The pages behind links in emails. */
export function createPages(): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();
  const policy = policyFor(String(frame));
  for (const [path, main] of Object.entries(pages)) {
    const page = String(frame).replace('<!-- main -->', () => main.trim());
    app.get(path, (c) => {
      c.header('Content-Security-Policy', policy);
      return c.html(page);
    });
  }
  app.get('/', (c) => c.redirect('/docs'));
  return app;
}

/** A Content-Security-Policy that allows the frame's own script and style only. */
function policyFor(frame: string): string {
  const hashes = (tag: string) =>
    [...frame.matchAll(new RegExp(`<${tag}>([^]*?)</${tag}>`, 'g'))]
      .map(([, text = '']) => new Bun.CryptoHasher('sha256').update(text).digest('base64'))
      .map((hash) => `'sha256-${hash}'`)
      .join(' ');
  return `default-src 'none'; script-src ${hashes('script')}; style-src ${hashes('style')}; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'`;
}
