import type { CallContext, Connections, Context } from '@insightdesk/shared/context';
import { bodyLimitBytes, type Id } from '@insightdesk/shared/contract';
import { login, logout, requireLiveSession } from '@insightdesk/shared/domain/identity/users';
import { noteAct } from '@insightdesk/shared/domain/tenancy/audit';
import { AppError, ForbiddenError, UnauthenticatedError } from '@insightdesk/shared/errors';
import type { Queues } from '@insightdesk/shared/jobs';
import { Hono, type Context as HttpContext, type MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { type ApiCaller, type ApiEnv, callContext, identifyBy } from '../caller.ts';
import { signInPage, signOutPage } from './pages.ts';

export interface DashboardOptions {
  /** Its owners operate this installation: they see the jobs of all organisations. */
  operatorId: Id<'org'>;
  queues: () => Queues;
}

interface Surroundings extends DashboardOptions {
  tokens: Connections['tokens'];
  context: (call: CallContext) => Context;
}

type Http = HttpContext<ApiEnv>;

export const DASHBOARD = '/admin/queues';
const COOKIE = 'operator';
const cookieOptions = {
  path: DASHBOARD,
  prefix: 'secure',
  secure: true,
  httpOnly: true,
  sameSite: 'Strict',
} as const;
const REFUSAL = 'E-mail address or password is wrong, or you do not operate this installation.';

/** The queues' dashboard, for operators who signed in with a form; a cookie opens nothing else. */
export function createDashboard(options: Surroundings): Hono<ApiEnv> {
  const { operatorId, queues, context } = options;
  const identify = identifyBy(options.tokens);
  const app = new Hono<ApiEnv>();

  const isOperator = ({ tenantId, actor }: ApiCaller) =>
    tenantId === operatorId && actor.role === 'owner';

  /** Who the cookie is of; undefined when nobody may come in with it any more. */
  async function findOperator(c: Http): Promise<ApiCaller | undefined> {
    const token = getCookie(c, COOKIE, cookieOptions.prefix);
    if (!token) return undefined;
    try {
      const caller = await identify(token);
      if (!isOperator(caller)) return undefined;
      await requireLiveSession(context({ ...callContext(c), ...caller }));
      return caller;
    } catch (error) {
      if (error instanceof AppError && error.status < 500) return undefined;
      throw error;
    }
  }

  const operatorsOnly: MiddlewareHandler<ApiEnv> = async (c, next) => {
    const caller = await findOperator(c);
    if (caller) {
      c.set('caller', caller);
      return next();
    }
    if (c.req.method !== 'GET' || c.req.path.startsWith(`${DASHBOARD}/api/`)) {
      throw new UnauthenticatedError();
    }
    return c.redirect(`${DASHBOARD}/sign-in`, 303);
  };

  app.use(pagePolicy, sameOrigin, bodyLimit({ maxSize: 1_048_576 }));
  app.get('/sign-in', (c) => c.html(signInPage(DASHBOARD)));
  app.post('/sign-in', bodyLimit({ maxSize: bodyLimitBytes.auth }), async (c) => {
    const form = await c.req.parseBody();
    const [email, password] = [String(form.email), String(form.password)];
    try {
      const call = context(callContext(c));
      const pair = await login(call, { email, password, organizationId: operatorId });
      const caller = await identify(pair.accessToken);
      if (!isOperator(caller)) {
        await logout({ ...call, ...caller }, {});
        return c.html(signInPage(DASHBOARD, REFUSAL), 403);
      }
      setCookie(c, COOKIE, pair.accessToken, { ...cookieOptions, maxAge: pair.expiresIn });
      return c.redirect(DASHBOARD, 303);
    } catch (error) {
      if (error instanceof AppError && error.status >= 500) throw error;
      return c.html(signInPage(DASHBOARD, REFUSAL), 401);
    }
  });
  app.use(operatorsOnly);
  app.get('/sign-out', (c) => c.html(signOutPage(DASHBOARD)));
  app.post('/sign-out', async (c) => {
    await logout(context(callContext(c)), {});
    deleteCookie(c, COOKIE, cookieOptions);
    return c.redirect(`${DASHBOARD}/sign-in`, 303);
  });
  app.use(withoutFonts, noteChanges(context));
  let board: Hono | undefined;
  app.all('/*', async (c) => {
    const { createBoard } = await import('./board.ts'); // many packages, and hardly anyone comes
    board ??= new Hono().route(DASHBOARD, createBoard(queues(), DASHBOARD));
    const { status, headers, body } = await board.fetch(c.req.raw);
    // Answered through `c`, so that it has the headers of all our pages.
    return c.newResponse(body, status as ContentfulStatusCode, Object.fromEntries(headers));
  });
  return app;
}

/** What changes something comes from our own page: the cookie's SameSite says so, and so do we. */
const sameOrigin: MiddlewareHandler<ApiEnv> = (c, next) => {
  if (c.req.method === 'GET' || c.req.method === 'HEAD' || isFromUs(c)) return next();
  throw new ForbiddenError('This has to come from the page itself', { code: 'OTHER_ORIGIN' });
};

function isFromUs(c: Http): boolean {
  // A form's Origin is null where pages send no referrer, so browsers that tell the site are believed.
  const site = c.req.header('Sec-Fetch-Site');
  if (site !== undefined) return site === 'same-origin';
  const origin = c.req.header('Origin') ?? '';
  const host = c.req.header('Host') ?? new URL(c.req.url).host;
  return URL.canParse(origin) && new URL(origin).host === host;
}

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

const pagePolicy: MiddlewareHandler<ApiEnv> = (c, next) => {
  c.header('Content-Security-Policy', policy);
  return next();
};

/** What changes something is in the operators' audit log before it is done. */
const noteChanges =
  (context: Surroundings['context']): MiddlewareHandler<ApiEnv> =>
  async (c, next) => {
    if (c.req.method !== 'GET' && c.req.method !== 'HEAD') {
      const target = c.req.path.slice(`${DASHBOARD}/api/`.length);
      await noteAct(context(callContext(c)), { act: `board ${c.req.method}`, target });
    }
    return next();
  };

/** The board's page asks another site for its fonts; ours asks nobody. */
const withoutFonts: MiddlewareHandler<ApiEnv> = async (c, next) => {
  await next();
  if (!c.res.headers.get('Content-Type')?.startsWith('text/html')) return;
  const html = await c.res.text();
  c.res = c.html(html.replace(/<link href="https:[^>]*>/g, '')) as Response;
};
