import type { DatabaseError } from 'pg-protocol';

/** PostgreSQL's own words; `code` is the SQLSTATE. Parameters are never part of it. */
export class ServerError extends Error {
  readonly code: string;
  readonly constraint_name?: string;
  /** The routine of the server that raised it. */
  readonly routine?: string;

  constructor({ code = '', message, constraint, routine }: DatabaseError) {
    super(message);
    this.name = 'PostgresError';
    this.code = code;
    if (constraint !== undefined) this.constraint_name = constraint;
    if (routine !== undefined) this.routine = routine;
  }
}

/** They raise that the server no longer has, or no longer can use, a statement that it was told. */
export const staleRoutines = new Set(['FetchPreparedStatement', 'RevalidateCachedQuery']);
