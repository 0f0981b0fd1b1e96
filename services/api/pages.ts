import { Hono } from 'hono';
import type { ApiEnv } from './caller.ts';
import invitationPage from './pages/accept-invitation.html' with { type: 'text' };

/** The few pages that people meet before they have an application: where links in e-mails lead. */
export function createPages(): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();
  const page = invitationPage as unknown as string;
  const policy = policyFor(page);
  app.get('/invitations/accept', (c) => {
    c.header('Content-Security-Policy', policy);
    return c.html(page);
  });
  app.get('/', (c) => c.redirect('/docs'));
  return app;
}

/** Allows exactly the page's own script and style. */
function policyFor(page: string): string {
  const hashes = (tag: string) =>
    [...page.matchAll(new RegExp(`<${tag}>([^]*?)</${tag}>`, 'g'))]
      .map(([, text = '']) => new Bun.CryptoHasher('sha256').update(text).digest('base64'))
      .map((hash) => `'sha256-${hash}'`)
      .join(' ');
  return `default-src 'none'; script-src ${hashes('script')}; style-src ${hashes('style')}; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'`;
}
