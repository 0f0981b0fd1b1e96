import type { DatabaseError } from 'pg-protocol';

/** An error of PostgreSQL; `code` is the SQLSTATE. It contains no parameters. */
export class ServerError extends Error {
  readonly code: string;
  readonly constraint_name?: string;
  /** The server routine that raised it. */
  readonly routine?: string;

  constructor({ code = '', message, constraint, routine }: DatabaseError) {
    super(message);
    this.name = 'PostgresError';
    this.code = code;
    if (constraint !== undefined) this.constraint_name = constraint;
    if (routine !== undefined) this.routine = routine;
  }
}

/** Server routines that raise an error when a prepared statement is gone or can no longer be used. */
export const staleRoutines = new Set(['FetchPreparedStatement', 'RevalidateCachedQuery']);
