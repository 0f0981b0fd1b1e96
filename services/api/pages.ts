import { Hono, type Context as HttpContext } from 'hono';
import type { ApiEnv } from './caller.ts';
import invitationPage from './pages/accept-invitation.html' with { type: 'text' };
import frame from './pages/frame.html' with { type: 'text' };
import notFoundPage from './pages/not-found.html' with { type: 'text' };
import resetPage from './pages/reset-password.html' with { type: 'text' };
import signInPage from './pages/sign-in.html' with { type: 'text' };
import signOutPage from './pages/sign-out.html' with { type: 'text' };
import unsubscribePage from './pages/unsubscribe.html' with { type: 'text' };
import verifyPage from './pages/verify-email.html' with { type: 'text' };
import { createAssets, readContent } from './static/assets.ts';
import { type Content, createContent } from './static/content.ts';
import { once } from './static/once.ts';
import { sendContent } from './static/send-content.ts';

/** The main element of each page. */
const mains = {
  invitation: invitationPage,
  notFound: notFoundPage,
  resetPassword: resetPage,
  signIn: signInPage,
  signOut: signOutPage,
  unsubscribe: unsubscribePage,
  verifyEmail: verifyPage,
} as unknown as Record<PageName, string>;

type PageName =
  | 'invitation'
  | 'notFound'
  | 'resetPassword'
  | 'signIn'
  | 'signOut'
  | 'unsubscribe'
  | 'verifyEmail';

const linkedPages: Readonly<Record<string, PageName>> = {
  '/invitations/accept': 'invitation',
  '/reset-password': 'resetPassword',
  '/unsubscribe': 'unsubscribe',
  '/verify-email': 'verifyEmail',
};

const file = (name: string) => new URL(`./pages/${name}`, import.meta.url);
const icons = ['favicon.svg', 'favicon.ico'];

export interface PagesOptions {
  productName: string;
  publicUrl: string;
  /** The web app, where pages continue to. */
  appUrl?: string;
  dashboardPath: string;
  hasPasskeys: boolean;
  /** Email address or URL for reports of vulnerabilities. */
  securityContact?: string | undefined;
}

export interface Pages {
  app: Hono<ApiEnv>;
  send(c: HttpContext<ApiEnv>, name: PageName, status?: 404): Promise<Response>;
  /** Sends another main element in the frame; its values replace those of our pages. */
  sendMain(c: HttpContext<ApiEnv>, main: string, values: Record<string, string>): Promise<Response>;
}

/** The pages behind links in emails, and the frame of all our pages. */
export function createPages(options: PagesOptions): Pages {
  const app = new Hono<ApiEnv>();
  const assets = createAssets('/assets', {
    'pages.css': file('pages.css'),
    'pages.js': file('pages.js'),
  });
  const render = async (main: string, own: Record<string, string> = {}) => {
    const values = {
      style: await assets.path('pages.css'),
      script: await assets.path('pages.js'),
      product: options.productName,
      app: options.appUrl ?? options.publicUrl,
      base: options.dashboardPath,
      ...own,
    };
    return createContent(renderPage(main, values), 'text/html; charset=utf-8');
  };
  const mainOf = (name: PageName) =>
    options.hasPasskeys ? mains[name] : String(mains[name]).replace(passkeyButton, '');
  const names = Object.keys(mains) as PageName[];
  const contents = new Map(names.map((name) => [name, once(() => render(mainOf(name)))]));

  const send = async (c: HttpContext<ApiEnv>, name: PageName, status?: 404) =>
    sendPage(c, (await contents.get(name)?.()) as Content, status);
  const sendMain: Pages['sendMain'] = async (c, main, values) =>
    sendPage(c, await render(main, values));

  async function sendPage(c: HttpContext<ApiEnv>, content: Content, status?: 404) {
    c.header('Content-Security-Policy', pagePolicy);
    return sendContent(c, content, { cacheControl: 'no-cache', status });
  }

  for (const [path, name] of Object.entries(linkedPages)) app.get(path, (c) => send(c, name));
  for (const icon of icons) {
    const content = once(() => readContent(file(icon)));
    app.get(`/${icon}`, async (c) =>
      sendContent(c, await content(), { cacheControl: 'public, max-age=86400' }),
    );
  }
  const { securityContact } = options;
  if (securityContact) {
    app.get('/.well-known/security.txt', (c) => c.text(securityTxt(securityContact, options)));
  }
  app.get('/', (c) => c.redirect('/docs'));
  app.route('/', assets.app);
  return { app, send, sendMain };
}

function renderPage(main: string, values: Record<string, string>): string {
  const title = /<h1>(.*)<\/h1>/.exec(main)?.[1] ?? '';
  const fill = (text: string) =>
    text.replace(/\{\{(\w+)\}\}/g, (_, name: string) => Bun.escapeHTML(values[name] ?? ''));
  return fill(
    String(frame)
      .replace('{{title}}', title)
      .replace('{{main}}', () => main.trim()),
  );
}

const passkeyButton = /<button [^>]*data-passkey.*\n/;

const SECURITY_TXT_DAYS = 180;

/** RFC 9116; it expires, so that a copy of an abandoned installation is not followed. */
function securityTxt(contact: string, { publicUrl }: PagesOptions): string {
  const expires = new Date(Date.now() + SECURITY_TXT_DAYS * 86_400_000);
  expires.setUTCHours(0, 0, 0, 0);
  const uri = contact.includes('://') ? contact : `mailto:${contact}`;
  const canonical = `${new URL(publicUrl).origin}/.well-known/security.txt`;
  return `Contact: ${uri}\nExpires: ${expires.toISOString()}\nCanonical: ${canonical}\n`;
}

/** Scripts of this server only, and no form that works without its script. */
const pagePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');
