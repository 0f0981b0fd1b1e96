import type { ByteRange, StorageProvider } from '../storage-provider.ts';
import { createUrlSigner } from '../url-signer.ts';

/** Dependencies of providers without signed URLs of their own. */
export const dependencies = {
  signer: createUrlSigner({ secret: 'test-secret', publicUrl: 'https://desk.example' }),
};

/** A provider under test; it must limit files to MAX_FILE_BYTES. */
export interface TestedProvider {
  storage: StorageProvider;
  /** All stored files, including incomplete ones, as comparable text. */
  inventory(): Promise<string>;
  dispose(): Promise<void>;
  /** Sends the request of a client; `fetch` by default. */
  request?(url: string, options?: RequestInit): Promise<Response>;
  /** Requests are slow, so tests repeat them less often. */
  isRemote?: boolean;
  /** Limits that its signatures cannot contain. */
  unsupportedLimits?: readonly SignedLimit[];
}

type SignedLimit = 'size' | 'type';

export const MAX_FILE_BYTES = 1_000_000;
export const textType = { contentType: 'text/plain' };

/** Access to the tested provider, which is created later than the tests are described. */
export interface Harness {
  storage(): StorageProvider;
  inventory(): Promise<string>;
  put(key: string, text: string): Promise<unknown>;
  read(key: string, range?: ByteRange): Promise<string>;
  keysOf(prefix: string): Promise<string[]>;
  request(url: string, options?: RequestInit): Promise<Response>;
  isRemote(): boolean;
  isLimitSigned(limit: SignedLimit): boolean;
}

export function createHarness(provider: () => TestedProvider): Harness {
  const storage = () => provider().storage;
  return {
    storage,
    inventory: () => provider().inventory(),
    put: (key, text) => storage().upload(key, new TextEncoder().encode(text), textType),
    read: async (key, range) =>
      new Response(await storage().download(key, range ? { range } : {})).text(),
    request: (url, options) => (provider().request ?? fetch)(url, options),
    isRemote: () => provider().isRemote ?? false,
    isLimitSigned: (limit) => !provider().unsupportedLimits?.includes(limit),
    keysOf: async (prefix) => (await Array.fromAsync(storage().list(prefix))).map(({ key }) => key),
  };
}
