import { InfrastructureError } from '@insightdesk/shared/errors';

import { requestStorage, describeResponse } from '../remote/request-storage.ts';

export interface CloudinaryOptions {
  cloudName: string;
  apiKey: string;
  apiSecret: string;
  /** Of another region, such as `https://api-eu.cloudinary.com`. */
  apiUrl?: string | undefined;
}

/** Not for everybody who guesses an address, unlike `upload`. */
export const TYPE = 'private';
const RESOURCE_TYPE = 'raw';

interface Call {
  method: 'GET' | 'POST';
  url: string;
  headers?: Record<string, string>;
  body?: FormData;
  signal?: AbortSignal | undefined;
  /** Statuses that the caller understands, beside 2xx. */
  expected?: readonly number[];
}

type Sdk = typeof import('cloudinary')['v2']['utils'];

export type CloudinaryClient = ReturnType<typeof createCloudinaryClient>;

/** Signs with the SDK, which is loaded by the first use, and sends with time limits. */
export function createCloudinaryClient(options: CloudinaryOptions) {
  const account = {
    cloud_name: options.cloudName,
    api_key: options.apiKey,
    api_secret: options.apiSecret,
    resource_type: RESOURCE_TYPE,
    ...(options.apiUrl && { upload_prefix: options.apiUrl.replace(/\/$/, '') }),
  };
  const basic = Buffer.from(`${options.apiKey}:${options.apiSecret}`).toString('base64');
  let loading: Promise<Sdk> | undefined;
  const sdk = () => {
    loading ??= import('cloudinary').then(({ v2 }) => v2.utils);
    return loading;
  };

  async function ask({ method, url, headers = {}, body, signal, expected = [] }: Call) {
    const what = `${method} in Cloudinary`;
    const answer = await requestStorage({
      what,
      method,
      body,
      signal,
      sign: () => ({ url, headers }),
    });
    if (answer.ok || expected.includes(answer.status)) return answer;
    throw new InfrastructureError(`Cloudinary refused ${method}: ${await describeResponse(answer)}`);
  }

  return {
    ask,
    /** Where an action is posted, and the fields that allow it; good for an hour from `timestamp`. */
    async signAction(
      action: 'upload' | 'destroy',
      fields: Record<string, string>,
      timestamp: number,
    ) {
      const utils = await sdk();
      const params = { ...fields, type: TYPE, timestamp: String(timestamp) };
      const signature = utils.api_sign_request(params, options.apiSecret);
      const url = utils.api_url(action, account);
      return { url, fields: { ...params, api_key: options.apiKey, signature } };
    },
    /** An address of the bytes themselves. */
    async addressOf(key: string, expiresInSeconds: number, attachment: boolean) {
      const expires_at = now() + expiresInSeconds;
      const wanted = { ...account, type: TYPE, expires_at, attachment };
      return (await sdk()).private_download_url(key, '', wanted);
    },
    /** Asks the Admin API about one file, or about those with a prefix. */
    async look(key: string | undefined, query: Record<string, string>) {
      const path = ['resources', RESOURCE_TYPE, TYPE, ...(key === undefined ? [] : [key])];
      const prefix = `${account.upload_prefix ?? 'https://api.cloudinary.com'}/v1_1`;
      const place = [prefix, options.cloudName, ...path.map(encodeURIComponent)].join('/');
      const url = `${place}?${new URLSearchParams(query)}`;
      return ask({
        method: 'GET',
        url,
        headers: { authorization: `Basic ${basic}` },
        expected: [404],
      });
    },
  };
}

export const now = () => Math.floor(Date.now() / 1000);
