import {
  AUTHORIZATION_REQUEST_TTL_SECONDS,
  CALLBACK_PATH,
  handleCallback,
  linkIdentity,
  startSignIn,
} from '@insightdesk/shared/domain/identity/identity-providers';
import { readCookie } from '@insightdesk/shared/http';
import { z } from 'zod';
import { jsonResponse, respondIdempotently } from '../idempotent-response.ts';
import {
  type Call,
  describeAction,
  type Http,
  type Route,
  readBody,
  readQuery,
  runAction,
} from '../route.ts';

const COOKIE = '__Host-desk-oauth';

/** Redirects to the provider; a cookie ties the callback to this browser. */
export const startRoute: Route = {
  method: 'GET',
  path: '/v1/auth/oauth/:providerId/start',
  ...describeAction(startSignIn),
  responses: { 302: undefined },
  async handle(call) {
    const { url, authorizationRequest } = await runAction(startSignIn, call, readQuery(call));
    setOAuthCookie(call.http, authorizationRequest, AUTHORIZATION_REQUEST_TTL_SECONDS);
    return redirect(call.http, url);
  },
};

export const linkRoute: Route = {
  method: 'POST',
  path: '/v1/auth/oauth/:providerId/link',
  ...describeAction(linkIdentity),
  responses: { 200: z.object({ url: z.string() }).meta({ id: 'RedirectUrl' }) },
  async handle(call) {
    const body = await readBody(call);
    return respondIdempotently(call, {
      body,
      run: (ctx) => runAction(linkIdentity, { ...call, ctx }, body),
      toResponse: ({ url, authorizationRequest }) =>
        jsonResponse({ url }, 200, {
          'Set-Cookie': cookie(authorizationRequest, AUTHORIZATION_REQUEST_TTL_SECONDS),
        }),
    });
  },
};

/** Takes any query parameter: providers add their own, and the OpenID library validates them. */
export const callbackRoute: Route = {
  method: 'GET',
  path: CALLBACK_PATH,
  ...describeAction(handleCallback),
  input: handleCallback.input.pick({}).loose(),
  responses: { 302: undefined },
  errorStatuses: [401],
  async handle(call) {
    const authorizationRequest = readCookie(call.http.req.header('Cookie'), COOKIE);
    setOAuthCookie(call.http, '', 0);
    const { url } = await runAction(handleCallback, call, {
      authorizationRequest,
      url: urlOf(call),
    });
    return redirect(call.http, url);
  },
};

const urlOf = ({ http, ctx }: Call) =>
  `${ctx.settings.publicUrl}${CALLBACK_PATH}${new URL(http.req.url).search}`;

function redirect(http: Http, url: string): Response {
  http.header('Location', url);
  return http.body(null, 302);
}

function setOAuthCookie(http: Http, value: string, maxAgeSeconds: number): void {
  http.header('Set-Cookie', cookie(value, maxAgeSeconds), { append: true });
}

/** SameSite=Lax, because the callback is a navigation from the provider's site. */
const cookie = (value: string, maxAgeSeconds: number) =>
  `${COOKIE}=${value}; Max-Age=${maxAgeSeconds}; Path=/; Secure; HttpOnly; SameSite=Lax`;
