import { createHash } from 'node:crypto';
import { InfrastructureError } from '@insightdesk/shared/errors';
import { describeResponse, requestStorage } from '../remote/request-storage.ts';
import { type AzureAccount, sharedAccess, signHeaders } from './signature.ts';

export interface AzureOptions extends AzureAccount {
  container: string;
  /** URL of another Azure cloud or of the emulator. */
  endpoint?: string | undefined;
  /** URL at which clients reach the same service, if it differs. */
  publicEndpoint?: string | undefined;
}

interface Call {
  method: string;
  key?: string;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  body?: Uint8Array<ArrayBuffer>;
  signal?: AbortSignal | undefined;
  /** Statuses that the caller handles, beside 2xx. */
  expected?: readonly number[];
}

/** Sends signed requests to a container. */
export type AzureClient = ReturnType<typeof createAzureClient>;

/** Creates a client; sends no request. */
export function createAzureClient(options: AzureOptions) {
  const { account, container } = options;
  const defaultEndpoint = `https://${account}.blob.core.windows.net`;
  const rootOf = (endpoint = defaultEndpoint) => `${endpoint.replace(/\/$/, '')}/${container}`;
  const root = rootOf(options.endpoint);
  const publicRoot = rootOf(options.publicEndpoint ?? options.endpoint);
  const urlOf = (key?: string) => (key ? `${root}/${key}` : root);

  return {
    urlOf,
    async request(call: Call): Promise<Response> {
      const { method, key, query = {}, body, signal, expected = [] } = call;
      const url = new URL(urlOf(key));
      for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
      const checksum = body?.byteLength ? { 'content-md5': md5(body) } : {};
      const sizeBytes = body?.byteLength ?? 0;
      const headers = { ...call.headers, ...checksum };
      const response = await requestStorage({
        operation: `${method} in a container`,
        method,
        body,
        signal,
        sign: () => ({
          url: url.href,
          headers: signHeaders(options, { method, url, headers, sizeBytes }),
        }),
      });
      const errorCode = response.headers.get('x-ms-error-code');
      const isExpected = expected.includes(response.status) && errorCode !== 'ContainerNotFound';
      if (response.ok || isExpected) return response;
      const reason = await describeResponse(response);
      throw new InfrastructureError(`The container rejected ${method}: ${errorCode} ${reason}`);
    },
    signUrl(key: string, access: Omit<Parameters<typeof sharedAccess>[1], 'container' | 'blob'>) {
      const query = sharedAccess(options, { ...access, container, blob: key });
      return `${publicRoot}/${key}?${query}`;
    },
  };
}

const md5 = (body: Uint8Array) => createHash('md5').update(body).digest('base64');
