/** One error of an input: `path` is dotted, '' means the whole input. */
export interface FieldError {
  path: string;
  message: string;
}

/** Properties of an error; clients see all except `cause`. */
export interface AppErrorOptions {
  code: string;
  status: number;
  detail?: string;
  errors?: FieldError[];
  cause?: unknown;
  retryable?: boolean;
  headers?: Record<string, string>;
}

/** Options of the error classes, which have a default code and status. */
export type ErrorOptions = Partial<AppErrorOptions>;

/** Base class of all errors that the code throws: `message` is internal, `detail` is public. */
export class AppError extends Error {
  readonly code: string;
  readonly status: number;
  readonly detail: string;
  readonly errors: FieldError[] | undefined;
  readonly retryable: boolean;
  readonly headers: Record<string, string>;

  constructor(message: string, options: AppErrorOptions) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.name = new.target.name;
    this.code = options.code;
    this.status = options.status;
    this.detail = options.detail ?? 'An internal error occurred';
    this.errors = options.errors;
    this.retryable = options.retryable ?? false;
    this.headers = options.headers ?? {};
  }
}
