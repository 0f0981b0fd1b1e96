import type { Json } from '../schemas.ts';

/** An operation that needs more than a text. */
export interface OperationText {
  text: string;
  /** Fields of the example of its body; required fields that are not here are generated. */
  request?: Json;
}

/** A tag of the API document with its operations. */
export interface Section {
  tag: string;
  description: string;
  /** One or two sentences besides the summary, by method and path, such as `GET /v1/roles/{id}`. */
  operations: Readonly<Record<string, string | OperationText>>;
}
