import { InfrastructureError } from '@insightdesk/shared/errors';

import { describeResponse, requestStorage } from '../remote/request-storage.ts';

export interface CloudinaryOptions {
  cloudName: string;
  apiKey: string;
  apiSecret: string;
  /** URL of another region, such as `https://api-eu.cloudinary.com`. */
  apiUrl?: string | undefined;
}

/** Private files need a signed URL, unlike those of type `upload`. */
export const TYPE = 'private';
const RESOURCE_TYPE = 'raw';

interface Call {
  method: 'GET' | 'POST';
  url: string;
  headers?: Record<string, string>;
  body?: FormData;
  signal?: AbortSignal | undefined;
  /** Statuses that the caller handles, beside 2xx. */
  expected?: readonly number[];
}

type Sdk = typeof import('cloudinary')['v2']['utils'];

export type CloudinaryClient = ReturnType<typeof createCloudinaryClient>;

/** Signs requests with the SDK, which is loaded with the first request. */
export function createCloudinaryClient(options: CloudinaryOptions) {
  const account = {
    cloud_name: options.cloudName,
    api_key: options.apiKey,
    api_secret: options.apiSecret,
    resource_type: RESOURCE_TYPE,
    ...(options.apiUrl && { upload_prefix: options.apiUrl.replace(/\/$/, '') }),
  };
  const basic = Buffer.from(`${options.apiKey}:${options.apiSecret}`).toString('base64');
  let loaded: Promise<Sdk> | undefined;
  const loadSdk = () => (loaded ??= import('cloudinary').then(({ v2 }) => v2.utils));

  async function request({ method, url, headers = {}, body, signal, expected = [] }: Call) {
    const response = await requestStorage({
      operation: `${method} in Cloudinary`,
      method,
      body,
      signal,
      sign: () => ({ url, headers }),
    });
    if (response.ok || expected.includes(response.status)) return response;
    throw new InfrastructureError(
      `Cloudinary rejected ${method}: ${await describeResponse(response)}`,
    );
  }

  return {
    request,
    /** The URL of an action and its signed form fields; valid for an hour from `timestamp`. */
    async signAction(
      action: 'upload' | 'destroy',
      fields: Record<string, string>,
      timestamp: number,
    ) {
      const utils = await loadSdk();
      const params = { ...fields, type: TYPE, timestamp: String(timestamp) };
      const signature = utils.api_sign_request(params, options.apiSecret);
      const url = utils.api_url(action, account);
      return { url, fields: { ...params, api_key: options.apiKey, signature } };
    },
    /** The signed URL of a file. */
    async urlOf(key: string, expiresInSeconds: number, attachment: boolean) {
      const expires_at = now() + expiresInSeconds;
      const options = { ...account, type: TYPE, expires_at, attachment };
      return (await loadSdk()).private_download_url(key, '', options);
    },
    /** Gets one file, or lists files, from the Admin API. */
    async getResource(key: string | undefined, query: Record<string, string>) {
      const path = ['resources', RESOURCE_TYPE, TYPE, ...(key === undefined ? [] : [key])];
      const prefix = `${account.upload_prefix ?? 'https://api.cloudinary.com'}/v1_1`;
      const base = [prefix, options.cloudName, ...path.map(encodeURIComponent)].join('/');
      const url = `${base}?${new URLSearchParams(query)}`;
      return request({
        method: 'GET',
        url,
        headers: { authorization: `Basic ${basic}` },
        expected: [404],
      });
    },
  };
}

export const now = () => Math.floor(Date.now() / 1000);
