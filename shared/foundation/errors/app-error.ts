/** One fault of an input: `path` is dotted, '' means the whole input. */
export interface FieldError {
  path: string;
  message: string;
}

/** What distinguishes one error from another; everything but `cause` reaches the client. */
export interface AppErrorOptions {
  code: string;
  status: number;
  detail?: string;
  errors?: FieldError[];
  cause?: unknown;
  retryable?: boolean;
  headers?: Record<string, string>;
}

/** What a leaf class accepts: its own code and status are only defaults. */
export type ErrorOptions = Partial<AppErrorOptions>;

/** Root of every error the code throws on purpose: `message` is internal, `detail` is public. */
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
    this.detail = options.detail ?? 'Something went wrong on our side';
    this.errors = options.errors;
    this.retryable = options.retryable ?? false;
    this.headers = options.headers ?? {};
  }
}
