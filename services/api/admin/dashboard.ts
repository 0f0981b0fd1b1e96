import {
  type CallContext,
  type Connections,
  type Context,
  requireLiveSession,
} from '@insightdesk/shared/context';
import { bodyLimitBytes, type Id } from '@insightdesk/shared/contract';
import { signInWithPasskey } from '@insightdesk/shared/domain/identity/passkeys';
import { login, logout } from '@insightdesk/shared/domain/identity/users';
import { recordOperatorAct } from '@insightdesk/shared/domain/tenancy/audit';
import { AppError, ForbiddenError, UnauthenticatedError } from '@insightdesk/shared/errors';
import { jsonLimit, readJsonObject } from '@insightdesk/shared/http';
import type { Queues } from '@insightdesk/shared/jobs';
import { Hono, type Context as HttpContext, type MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { z } from 'zod';
import { type ApiCaller, type ApiEnv, callContext, createTokenVerifier } from '../caller.ts';
import type { Pages } from '../pages.ts';

export interface DashboardOptions {
  /** The owners of this organization are operators: they see the jobs of all organizations. */
  operatorId: Id<'org'>;
  queues: () => Queues;
}

interface DashboardDependencies extends DashboardOptions {
  tokens: Connections['security']['tokens'];
  context: (call: CallContext) => Context;
  pages: Pages;
  hasPasskeys: boolean;
}

type Http = HttpContext<ApiEnv>;
type SignedIn = z.input<typeof login.output>;

export const DASHBOARD_PATH = '/admin/queues';
const COOKIE = 'operator';
const cookieOptions = {
  path: DASHBOARD_PATH,
  prefix: 'secure',
  secure: true,
  httpOnly: true,
  sameSite: 'Strict',
} as const;

/** The queue dashboard for operators; its cookie is valid for this path only. */
export function createDashboard(options: DashboardDependencies): Hono<ApiEnv> {
  const { operatorId, queues, context, pages } = options;
  const identify = createTokenVerifier(options.tokens);
  const app = new Hono<ApiEnv>();

  const isOperator = ({ tenantId, actor }: ApiCaller) =>
    tenantId === operatorId && actor.role === 'owner';

  /** The operator of the cookie; undefined when the session is invalid or not an operator's. */
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

  const requireOperator: MiddlewareHandler<ApiEnv> = async (c, next) => {
    const caller = await findOperator(c);
    if (caller) {
      c.set('caller', caller);
      return next();
    }
    if (c.req.method !== 'GET' || c.req.path.startsWith(`${DASHBOARD_PATH}/api/`)) {
      throw new UnauthenticatedError();
    }
    return c.redirect(`${DASHBOARD_PATH}/sign-in`, 303);
  };

  app.use(pagePolicy, requireSameOrigin, bodyLimit({ maxSize: 1_048_576 }));
  app.route('/', createSignIn({ ...options, identify, isOperator }));
  app.use(requireOperator);
  app.get('/sign-out', (c) => pages.send(c, 'signOut'));
  app.post('/sign-out', async (c) => {
    await logout(context(callContext(c)), {});
    deleteCookie(c, COOKIE, cookieOptions);
    return c.body(null, 204);
  });
  app.use(removeExternalFonts, auditChanges(context));
  let board: Hono | undefined;
  app.all('/*', async (c) => {
    const { createBoard } = await import('./board.ts'); // loads many packages, rarely needed
    board ??= new Hono().route(DASHBOARD_PATH, await createBoard(queues(), DASHBOARD_PATH));
    const { status, headers, body } = await board.fetch(c.req.raw);
    // Sent through `c`, so that the headers of all pages are added.
    return c.newResponse(body, status as ContentfulStatusCode, Object.fromEntries(headers));
  });
  return app;
}

interface SignInDependencies extends DashboardDependencies {
  identify: (token: string) => Promise<ApiCaller>;
  isOperator: (caller: ApiCaller) => boolean;
}

/** Sign-in by password, with the code of a second factor, or by passkey. */
function createSignIn(options: SignInDependencies): Hono<ApiEnv> {
  const { operatorId, context, pages, identify, isOperator } = options;
  const app = new Hono<ApiEnv>();

  /** Sets the cookie of an operator's session; any other session is ended. */
  async function startSession(c: Http, pair: SignedIn): Promise<Response> {
    const caller = await identify(pair.accessToken);
    const session = context({ ...callContext(c), ...caller });
    try {
      if (!isOperator(caller)) throw new ForbiddenError('You are not an operator');
      // Throws without the second factor that the organization requires.
      await requireLiveSession(session);
    } catch (error) {
      await logout(session, {});
      throw error;
    }
    setCookie(c, COOKIE, pair.accessToken, { ...cookieOptions, maxAge: pair.expiresIn });
    return c.body(null, 204);
  }

  const readInput = async (c: Http) => ({
    ...(await readJsonObject(c.req.raw, bodyLimitBytes.auth)),
    organizationId: operatorId,
  });

  app.get('/sign-in', (c) => pages.send(c, 'signIn'));
  app.use('/sign-in/*', jsonLimit(bodyLimitBytes.auth));
  app.post('/sign-in', async (c) => {
    const input = (await readInput(c)) as z.input<typeof login.input>;
    return startSession(c, await login(context(callContext(c)), input));
  });
  if (!options.hasPasskeys) return app;
  app.post('/sign-in/passkey', async (c) => {
    const input = (await readInput(c)) as unknown as z.input<typeof signInWithPasskey.input>;
    return startSession(c, await signInWithPasskey(context(callContext(c)), input));
  });
  return app;
}

/** Rejects changes from other origins, in addition to the cookie's SameSite. */
const requireSameOrigin: MiddlewareHandler<ApiEnv> = (c, next) => {
  if (c.req.method === 'GET' || c.req.method === 'HEAD' || isSameOrigin(c)) return next();
  throw new ForbiddenError('Requests from other origins are not allowed', { code: 'OTHER_ORIGIN' });
};

function isSameOrigin(c: Http): boolean {
  // The Origin of a form is null when pages send no referrer; Sec-Fetch-Site is preferred.
  const site = c.req.header('Sec-Fetch-Site');
  if (site !== undefined) return site === 'same-origin';
  const origin = c.req.header('Origin') ?? '';
  const host = c.req.header('Host') ?? new URL(c.req.url).host;
  return URL.canParse(origin) && new URL(origin).host === host;
}

const contentSecurityPolicy = [
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
  c.header('Content-Security-Policy', contentSecurityPolicy);
  return next();
};

/** Records every change in the operators' audit log before it is made. */
const auditChanges =
  (context: DashboardDependencies['context']): MiddlewareHandler<ApiEnv> =>
  async (c, next) => {
    if (c.req.method !== 'GET' && c.req.method !== 'HEAD') {
      const target = c.req.path.slice(`${DASHBOARD_PATH}/api/`.length);
      await recordOperatorAct(context(callContext(c)), { act: `board ${c.req.method}`, target });
    }
    return next();
  };

/** Removes Bull Board's links to external fonts. */
const removeExternalFonts: MiddlewareHandler<ApiEnv> = async (c, next) => {
  await next();
  if (!c.res.headers.get('Content-Type')?.startsWith('text/html')) return;
  const html = await c.res.text();
  c.res = c.html(html.replace(/<link href="https:[^>]*>/g, '')) as Response;
};
