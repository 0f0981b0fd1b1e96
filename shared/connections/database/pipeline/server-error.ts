/** PostgreSQL's own words; `code` is the SQLSTATE. Parameters are never part of it. */
export class ServerError extends Error {
  readonly code: string;
  readonly constraint_name?: string;
  /** The routine of the server that raised it. */
  readonly routine?: string;

  constructor({ C = '', M = '', n, R }: Record<string, string>) {
    super(M);
    this.name = 'PostgresError';
    this.code = C;
    if (n !== undefined) this.constraint_name = n;
    if (R !== undefined) this.routine = R;
  }
}

/** They raise that the server no longer has, or no longer can use, a statement that it was told. */
export const staleRoutines = new Set(['FetchPreparedStatement', 'RevalidateCachedQuery']);
