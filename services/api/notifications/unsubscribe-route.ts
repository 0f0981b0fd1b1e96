import { unsubscribe } from '@insightdesk/shared/domain/desk/notifications';
import { DomainValidationError } from '@insightdesk/shared/errors';
import { jsonResponse, sendResponse } from '../idempotent-response.ts';
import { type Call, post, type Route, readBody, runAction } from '../route.ts';

const FORM = 'application/x-www-form-urlencoded';
const MAX_FORM_BYTES = 4_096;

/** RFC 8058: mail programs send a form, without cookies, to the URL of the header with its token. */
export const unsubscribeRoute: Route = {
  ...post('/v1/unsubscribe', unsubscribe),
  async handle(call) {
    const isForm = call.http.req.header('Content-Type')?.toLowerCase().startsWith(FORM) ?? false;
    const body = isForm ? await readForm(call) : await readBody(call);
    const token = call.http.req.query('token');
    const input = { ...body, ...(token !== undefined && { token }) };
    return sendResponse(call.http, jsonResponse(await runAction(unsubscribe, call, input), 200));
  },
};

/** The fields of a short form; `subscribe` is for the page, which sends JSON. */
async function readForm({ http }: Call): Promise<Record<string, string>> {
  const form = await http.req.text();
  if (form.length > MAX_FORM_BYTES) throw new DomainValidationError('The form is too long');
  return Object.fromEntries(new URLSearchParams(form));
}
