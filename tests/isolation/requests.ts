import { type ApiResponse, call } from '../e2e/client.ts';
import type { Operation } from './document.ts';
import { type IdParam, setAtPath } from './id-params.ts';
import { sample, validValues } from './values.ts';

export interface Request {
  method: string;
  path: string;
  body: unknown;
  headers?: Record<string, string>;
  /** A body that is not JSON. */
  raw?: string;
}

/** Values for parameters of a request. */
export type IdValues = readonly (readonly [IdParam, string])[];

/** A request for this operation with this body and these ids. */
export function buildRequest(operation: Operation, body: unknown, values: IdValues): Request {
  const { method, path } = operation;
  const query = new URLSearchParams();
  let [filledPath, filledBody] = [path, body];
  for (const [param, value] of values) {
    const name = String(param.location[0]);
    if (param.in === 'path')
      filledPath = filledPath.replace(`{${name}}`, encodeURIComponent(value));
    if (param.in === 'query') query.set(name, value);
    if (param.in === 'body') filledBody = setAtPath(filledBody, param.location, value);
  }
  const search = query.size > 0 ? `?${query}` : '';
  return { method, path: `${filledPath}${search}`, body: filledBody, ...requiredParts(operation) };
}

/** Required headers, and a raw body if the operation expects bytes. */
function requiredParts({ parameters, contentType }: Operation): Pick<Request, 'headers' | 'raw'> {
  const required = parameters.filter((param) => param.in === 'header' && param.required);
  const headers = Object.fromEntries(
    required.map(({ name, schema }) => [name, String(sample(validValues(schema)))]),
  );
  const isBytes = contentType?.endsWith('octet-stream') ?? false;
  if (!isBytes) return { headers };
  return { headers: { ...headers, 'Content-Type': contentType ?? '' }, raw: 'bytes' };
}

export const send = (request: Request, token?: string): Promise<ApiResponse<unknown>> => {
  const { method, path, body, headers = {}, raw } = request;
  return call(method, path, {
    headers,
    ...(token && { token }),
    ...(body !== undefined && { body }),
    ...(raw !== undefined && { raw }),
  });
};

/** A response without ids, times and `requestId`, so that two can be compared. */
export function withoutVariables({ status, body }: ApiResponse<unknown>): string {
  const text = JSON.stringify({ status, body }, (name, value) =>
    name === 'requestId' || name === 'nextCursor' ? undefined : value,
  );
  return text
    .replace(/[a-z]{2,8}_[0-7][0-9a-hjkmnp-tv-z]{25}/g, '<id>')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>');
}
