import { expect } from 'bun:test';

/** Expects a problem response with this status and code, and returns the response. */
export async function expectError(
  received: Response | Promise<Response>,
  status: number,
  code: string,
): Promise<Response> {
  const response = await received;
  expect(await response.json()).toMatchObject({ status, code });
  expect(response.status).toBe(status);
  return response;
}
