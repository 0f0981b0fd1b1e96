import type { ByteRange, StorageProvider } from '../storage-provider.ts';
import { createUrlSigner } from '../url-signer.ts';

/** For providers that have no addresses of their own. */
export const parts = {
  signer: createUrlSigner({ secret: 'of the tests', publicUrl: 'https://desk.example' }),
};

/** A provider under test; it must allow files of MAX_FILE_BYTES at most. */
export interface Subject {
  storage: StorageProvider;
  /** Everything the provider holds, half-written things included, as comparable text. */
  inventory(): Promise<string>;
  dispose(): Promise<void>;
  /** How a client sends a request; `fetch` unless said. */
  request?(url: string, options?: RequestInit): Promise<Response>;
  /** It takes its time for each request. */
  isRemote?: boolean;
  /** What its signatures cannot hold. */
  cannotBind?: readonly Bound[];
}

type Bound = 'size' | 'type';

export const MAX_FILE_BYTES = 1_000_000;
export const textType = { contentType: 'text/plain' };

/** What the tests work with; the subject is opened later than the tests are described. */
export interface Harness {
  storage(): StorageProvider;
  inventory(): Promise<string>;
  put(key: string, text: string): Promise<unknown>;
  read(key: string, range?: ByteRange): Promise<string>;
  keysOf(prefix: string): Promise<string[]>;
  request(url: string, options?: RequestInit): Promise<Response>;
  isRemote(): boolean;
  binds(what: Bound): boolean;
}

export function createHarness(subject: () => Subject): Harness {
  const storage = () => subject().storage;
  return {
    storage,
    inventory: () => subject().inventory(),
    put: (key, text) => storage().upload(key, new TextEncoder().encode(text), textType),
    read: async (key, range) =>
      new Response(await storage().download(key, range ? { range } : {})).text(),
    request: (url, options) => (subject().request ?? fetch)(url, options),
    isRemote: () => subject().isRemote ?? false,
    binds: (what) => !subject().cannotBind?.includes(what),
    keysOf: async (prefix) => (await Array.fromAsync(storage().list(prefix))).map(({ key }) => key),
  };
}
