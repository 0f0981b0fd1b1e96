import { expect } from 'bun:test';

/** Expects a problem document of nginx and returns its body. */
export async function expectProblem(
  response: Response,
  status: number,
  code: string,
): Promise<Record<string, unknown>> {
  expect(response.status).toBe(status);
  expect(response.headers.get('Content-Type')).toBe('application/problem+json');
  expect(response.headers.get('Strict-Transport-Security')).toBeString();
  const body = (await response.json()) as Record<string, unknown>;
  expect(body).toMatchObject({ type: 'about:blank', status, code });
  expect(response.headers.get('X-Request-Id')).toBe(String(body.requestId));
  expect(body.title).not.toBeEmpty();
  expect(body.detail).not.toBeEmpty();
  return body;
}
