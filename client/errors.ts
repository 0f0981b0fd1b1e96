import type { Problem } from './operations.ts';

/** The server refused or failed; `code` says why and is stable. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly status: number;
  readonly code: string;
  readonly problem: Problem;
  /** How long the server asks to wait before another attempt. */
  readonly retryAfterMs: number | undefined;

  constructor(problem: Problem, retryAfterMs?: number) {
    super(`${problem.code}: ${problem.detail}`);
    this.status = problem.status;
    this.code = problem.code;
    this.problem = problem;
    this.retryAfterMs = retryAfterMs;
  }
}

/** No answer came; whether the request had an effect is unknown. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError';
}

/** The client was closed, or its person signed out, while something was under way. */
export class ClosedError extends Error {
  override readonly name = 'ClosedError';
}

/** Whether the same attempt may succeed later. */
export function isTransient(error: unknown): boolean {
  if (error instanceof UnreachableError) return true;
  if (!(error instanceof ProblemError) || error.code === 'TOO_MANY_CHANNELS') return false;
  return error.status >= 500 || error.status === 429 || error.status === 408;
}

/** Reads what a refused request was answered with, whoever answered. */
export async function readProblem(response: Response): Promise<ProblemError> {
  const retryAfterSeconds = Number(response.headers.get('Retry-After') ?? Number.NaN);
  const retryAfterMs = retryAfterSeconds >= 0 ? retryAfterSeconds * 1_000 : undefined;
  const body: unknown = await response.json().catch(() => undefined);
  const { status } = response;
  const unknown = { type: 'about:blank', title: response.statusText, code: `HTTP_${status}` };
  const given = typeof body === 'object' ? (body as Partial<Problem>) : {};
  const problem = { ...unknown, detail: `HTTP status ${status}`, requestId: '', ...given, status };
  return new ProblemError(problem, retryAfterMs);
}
