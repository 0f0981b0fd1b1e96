import { type Answer, call } from '../e2e/client.ts';
import type { Operation } from './document.ts';
import { type IdSlot, put } from './id-params.ts';
import { one, valid } from './values.ts';

export interface Request {
  method: string;
  path: string;
  body: unknown;
  headers?: Record<string, string>;
  /** A body that is no JSON. */
  raw?: string;
}

/** What stands at slots of a request. */
export type Filling = readonly (readonly [IdSlot, string])[];

/** A request of this operation, with its `body` and these ids. */
export function fill(operation: Operation, body: unknown, filling: Filling): Request {
  const { method, path } = operation;
  const query = new URLSearchParams();
  let [filledPath, filledBody] = [path, body];
  for (const [slot, value] of filling) {
    const name = String(slot.at[0]);
    if (slot.in === 'path') filledPath = filledPath.replace(`{${name}}`, encodeURIComponent(value));
    if (slot.in === 'query') query.set(name, value);
    if (slot.in === 'body') filledBody = put(filledBody, slot.at, value);
  }
  const search = query.size > 0 ? `?${query}` : '';
  return { method, path: `${filledPath}${search}`, body: filledBody, ...spoken(operation) };
}

/** Headers that it cannot do without, and some bytes where it takes them as they are. */
function spoken({ parameters, contentType }: Operation): Pick<Request, 'headers' | 'raw'> {
  const asked = parameters.filter((one) => one.in === 'header' && one.required);
  const headers = Object.fromEntries(
    asked.map(({ name, schema }) => [name, String(one(valid(schema)))]),
  );
  const isBytes = contentType?.endsWith('octet-stream') ?? false;
  if (!isBytes) return { headers };
  return { headers: { ...headers, 'Content-Type': contentType ?? '' }, raw: 'bytes' };
}

export const send = (request: Request, token?: string): Promise<Answer<unknown>> => {
  const { method, path, body, headers = {}, raw } = request;
  return call(method, path, {
    headers,
    ...(token && { token }),
    ...(body !== undefined && { body }),
    ...(raw !== undefined && { raw }),
  });
};

/** An answer without what differs from request to request: ids, times and the request's own id. */
export function plain({ status, body }: Answer<unknown>): string {
  const text = JSON.stringify({ status, body }, (name, value) =>
    name === 'requestId' || name === 'nextCursor' ? undefined : value,
  );
  return text
    .replace(/[a-z]{2,8}_[0-7][0-9a-hjkmnp-tv-z]{25}/g, '<id>')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>');
}
