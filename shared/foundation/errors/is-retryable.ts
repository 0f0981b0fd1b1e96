import { AppError } from './app-error.ts';

const transientCodes = new Set([
  ...['40001', '40P01', '53300', '55P03', '57P01', '57P02', '57P03', '08000', '08003', '08006'],
  ...['CONNECTION_LOST', 'CONNECTION_CLOSED', 'CONNECTION_ENDED', 'CONNECTION_DESTROYED'],
  ...['CONNECT_TIMEOUT', 'ECONNREFUSED', 'ECONNRESET', 'ECONNABORTED', 'ETIMEDOUT', 'EPIPE'],
  ...['EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'ConnectionRefused', 'ConnectionClosed'],
]);

/** Whether the same call may succeed later: AppErrors have a flag, others a code or a cause. */
export function isRetryable(error: unknown): boolean {
  for (let e = error, depth = 0; e instanceof Error && depth < 8; e = e.cause, depth++) {
    if (e instanceof AppError) return e.retryable;
    if (e.name === 'TimeoutError') return true;
    if ('code' in e && typeof e.code === 'string' && transientCodes.has(e.code)) return true;
  }
  return false;
}
