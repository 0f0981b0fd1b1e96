import { createHash } from 'node:crypto';
import { InfrastructureError } from '@insightdesk/shared/errors';
import { requestStorage, describeResponse } from '../remote/request-storage.ts';
import { type AzureAccount, sharedAccess, signHeaders } from './signature.ts';

export interface AzureOptions extends AzureAccount {
  container: string;
  /** Of another cloud than the public one, or of the emulator. */
  endpoint?: string | undefined;
  /** Where clients reach the same service, if elsewhere. */
  publicEndpoint?: string | undefined;
}

interface Call {
  method: string;
  key?: string;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  body?: Uint8Array<ArrayBuffer>;
  signal?: AbortSignal | undefined;
  /** Statuses that the caller understands, beside 2xx. */
  expected?: readonly number[];
}

/** Signed requests to one container. */
export type AzureClient = ReturnType<typeof createAzureClient>;

/** Builds the client; nothing is asked yet. */
export function createAzureClient(options: AzureOptions) {
  const { account, container } = options;
  const usual = `https://${account}.blob.core.windows.net`;
  const rootOf = (endpoint = usual) => `${endpoint.replace(/\/$/, '')}/${container}`;
  const root = rootOf(options.endpoint);
  const publicRoot = rootOf(options.publicEndpoint ?? options.endpoint);
  const addressOf = (key?: string) => (key ? `${root}/${key}` : root);

  return {
    addressOf,
    async ask(call: Call): Promise<Response> {
      const { method, key, query = {}, body, signal, expected = [] } = call;
      const url = new URL(addressOf(key));
      for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
      const checked = body?.byteLength ? { 'content-md5': md5(body) } : {};
      const sizeBytes = body?.byteLength ?? 0;
      const headers = { ...call.headers, ...checked };
      const answer = await requestStorage({
        what: `${method} in a container`,
        method,
        body,
        signal,
        sign: () => ({
          url: url.href,
          headers: signHeaders(options, { method, url, headers, sizeBytes }),
        }),
      });
      const fault = answer.headers.get('x-ms-error-code');
      const understood = expected.includes(answer.status) && fault !== 'ContainerNotFound';
      if (answer.ok || understood) return answer;
      const reason = await describeResponse(answer);
      throw new InfrastructureError(`The container refused ${method}: ${fault} ${reason}`);
    },
    addressFor(
      key: string,
      access: Omit<Parameters<typeof sharedAccess>[1], 'container' | 'blob'>,
    ) {
      const query = sharedAccess(options, { ...access, container, blob: key });
      return `${publicRoot}/${key}?${query}`;
    },
  };
}

const md5 = (body: Uint8Array) => createHash('md5').update(body).digest('base64');
