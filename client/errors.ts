import type { Problem } from './operations.ts';

/** The server refused a request or failed; `code` is the stable reason. */
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

/** No response arrived; the request may have been executed or not. */
export class NetworkError extends Error {
  override readonly name = 'NetworkError';
  /**
   * `certificate`: the server's is not trusted, has expired or is for another name (Node and Bun).
   * `cross-origin`: a browser's request to another origin failed; CORS may be the cause.
   */
  readonly reason: 'certificate' | 'cross-origin' | 'timeout' | 'unreachable';

  constructor(message: string, options: { reason: NetworkError['reason']; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.reason = options.reason;
  }
}

/** The client was closed, or its user signed out, during the call. */
export class ClientClosedError extends Error {
  override readonly name = 'ClientClosedError';
}

/** Whether the same attempt may succeed later. */
export function isTransient(error: unknown): boolean {
  if (error instanceof NetworkError) return true;
  if (!(error instanceof ProblemError) || error.code === 'TOO_MANY_CHANNELS') return false;
  return error.status >= 500 || error.status === 429 || error.status === 408;
}

/** Creates the error of a failed response, also of one that a proxy sent. */
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
