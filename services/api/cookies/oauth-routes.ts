import {
  ATTEMPT_SECONDS,
  arrive,
  CALLBACK_PATH,
  startLink,
  startSignIn,
} from '@insightdesk/shared/domain/identity/identity-providers';
import { readCookie } from '@insightdesk/shared/http';
import { z } from 'zod';
import { answerOnce, toJson } from '../idempotent-response.ts';
import { type Call, type Http, perform, type Route, readBody, readQuery } from '../route.ts';

const COOKIE = '__Host-desk-oauth';

/** Sends the browser to the provider; it keeps its attempt in a cookie, and only it can come back. */
export const startRoute: Route = {
  method: 'GET',
  path: '/v1/auth/oauth/:providerId/start',
  summary: startSignIn.summary,
  allow: startSignIn.allow,
  input: startSignIn.input,
  answers: { 302: undefined },
  async handle(call) {
    const { url, attempt } = await perform(startSignIn, call, readQuery(call));
    keep(call.http, attempt, ATTEMPT_SECONDS);
    return redirect(call.http, url);
  },
};

export const linkRoute: Route = {
  method: 'POST',
  path: '/v1/auth/oauth/:providerId/link',
  summary: startLink.summary,
  allow: startLink.allow,
  input: startLink.input,
  answers: { 200: z.object({ url: z.string() }) },
  async handle(call) {
    const body = await readBody(call);
    return answerOnce(call, {
      body,
      act: (ctx) => perform(startLink, { ...call, ctx }, body),
      toAnswer: ({ url, attempt }) =>
        toJson({ url }, 200, { 'Set-Cookie': cookie(attempt, ATTEMPT_SECONDS) }),
    });
  },
};

/** What a provider adds to the URL is its own affair: whatever it is, the library judges it. */
export const callbackRoute: Route = {
  method: 'GET',
  path: CALLBACK_PATH,
  summary: arrive.summary,
  allow: arrive.allow,
  input: arrive.input.pick({}).loose(),
  answers: { 302: undefined },
  async handle(call) {
    const attempt = readCookie(call.http.req.header('Cookie'), COOKIE);
    keep(call.http, '', 0);
    const { url } = await perform(arrive, call, { attempt, url: urlOf(call) });
    return redirect(call.http, url);
  },
};

const urlOf = ({ http, ctx }: Call) =>
  `${ctx.settings.publicUrl}${CALLBACK_PATH}${new URL(http.req.url).search}`;

function redirect(http: Http, url: string): Response {
  http.header('Location', url);
  return http.body(null, 302);
}

function keep(http: Http, attempt: string, maxAgeSeconds: number): void {
  http.header('Set-Cookie', cookie(attempt, maxAgeSeconds), { append: true });
}

/** Lax: the browser comes back from another site. */
const cookie = (attempt: string, maxAgeSeconds: number) =>
  `${COOKIE}=${attempt}; Max-Age=${maxAgeSeconds}; Path=/; Secure; HttpOnly; SameSite=Lax`;
