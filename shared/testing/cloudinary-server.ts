import { createHash } from 'node:crypto';

const MAX_REQUEST_AGE_SECONDS = 3600;
const PAGE_SIZE = 3;

interface Asset {
  bytes: Uint8Array<ArrayBuffer>;
  context: Record<string, string>;
  createdAt: Date;
}

type Fields = Record<string, string>;

/**
 * A server with the part of Cloudinary's upload, download and admin API that is documented for private
 * raw files. It verifies signatures by the documented rule, without the SDK. Pages have 3 files.
 */
export function startCloudinaryServer({ supportsRanges = true } = {}) {
  const account = { cloudName: 'desk', apiKey: '1234', apiSecret: 'of the tests' };
  const assets = createAssets(supportsRanges);
  const root = `/v1_1/${account.cloudName}`;

  async function respond(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    if (request.method === 'POST') {
      const form = await request.formData();
      const { file, ...fields } = Object.fromEntries(form) as Fields & { file?: Blob };
      requireSigned(fields, account);
      requireFresh(fields);
      if (pathname === `${root}/raw/upload`) return assets.upload(request, fields, file);
      if (pathname === `${root}/raw/destroy`) {
        return assets.destroy(fields.public_id ?? '');
      }
    }
    if (request.method === 'GET' && pathname === `${root}/raw/download`) {
      const fields = Object.fromEntries(searchParams);
      requireSigned(fields, account);
      if (Number(fields.expires_at) < now()) throw errorResponse(401, 'Expired');
      return assets.download(fields, request.headers.get('Range'));
    }
    if (request.method === 'GET' && pathname.startsWith(`${root}/resources/raw/private`)) {
      const basic = Buffer.from(`${account.apiKey}:${account.apiSecret}`).toString('base64');
      if (request.headers.get('Authorization') !== `Basic ${basic}`)
        throw errorResponse(401, 'Unauthorized');
      const key = decodeURIComponent(pathname.slice(`${root}/resources/raw/private`.length + 1));
      return key ? assets.get(key) : assets.list(searchParams);
    }
    throw errorResponse(404, 'Not found');
  }

  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    maxRequestBodySize: 1024 ** 3,
    fetch: async (request) =>
      respond(request).catch((error) =>
        error instanceof Response ? error : errorResponse(500, `${error}`),
      ),
  });
  const apiUrl = `http://127.0.0.1:${server.port}`;
  return { ...account, apiUrl, close: () => server.stop(true) };
}

function createAssets(supportsRanges: boolean) {
  const assets = new Map<string, Asset>();
  const incomplete = new Map<string, Uint8Array<ArrayBuffer>[]>();

  function destroy(key: string) {
    return Response.json({ result: assets.delete(key) ? 'ok' : 'not found' });
  }

  async function upload(request: Request, fields: Fields, file: Blob | undefined) {
    const bytes = await file?.bytes();
    if (!bytes?.byteLength) throw errorResponse(400, 'Empty file');
    if (fields.type !== 'private' || !fields.public_id) throw errorResponse(400, 'Not private');
    const complete = collectChunks(request, bytes);
    if (!complete) return Response.json({ done: false });
    const pairs = (fields.context ?? '').split('|').map((pair) => pair.split('='));
    const asset = { bytes: complete, context: Object.fromEntries(pairs), createdAt: new Date() };
    assets.set(fields.public_id, asset);
    return Response.json(toResource(fields.public_id, asset));
  }

  /** All bytes after the last chunk, else undefined. */
  function collectChunks(request: Request, bytes: Uint8Array<ArrayBuffer>) {
    const position = request.headers.get('Content-Range');
    if (!position) return bytes;
    const [, start, end, total] = /^bytes (\d+)-(\d+)\/(-1|\d+)$/.exec(position) ?? [];
    const uploadId = request.headers.get('X-Unique-Upload-Id') ?? '';
    const chunks = start === '0' ? [] : (incomplete.get(uploadId) ?? []);
    const sentBytes = chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
    const isContiguous =
      sentBytes === Number(start) && Number(end) - sentBytes + 1 === bytes.byteLength;
    if (!isContiguous) throw errorResponse(400, 'A chunk is missing');
    if (total === '-1' && bytes.byteLength < 5_000_000)
      throw errorResponse(400, 'A chunk is too small');
    incomplete.set(uploadId, [...chunks, bytes]);
    if (total === '-1') return undefined;
    incomplete.delete(uploadId);
    return new Uint8Array(Buffer.concat([...chunks, bytes]));
  }

  function download(fields: Fields, range: string | null) {
    const asset = assets.get(fields.public_id ?? '');
    if (!asset || fields.type !== 'private') throw errorResponse(404, 'Resource not found');
    const headers = { 'Content-Type': 'application/octet-stream' };
    const disposition =
      fields.attachment === 'true' ? { 'Content-Disposition': 'attachment; x' } : {};
    const [, start, end] = /^bytes=(\d+)-(\d+)$/.exec(range ?? '') ?? [];
    if (!supportsRanges || start === undefined) {
      return new Response(asset.bytes, { headers: { ...headers, ...disposition } });
    }
    const total = asset.bytes.byteLength;
    if (Number(start) >= total) throw errorResponse(416, 'Range');
    const part = asset.bytes.subarray(Number(start), Number(end) + 1);
    const position = `bytes ${start}-${Number(start) + part.byteLength - 1}/${total}`;
    const partial = { ...headers, ...disposition, 'Content-Range': position };
    return new Response(part, { status: 206, headers: partial });
  }

  function get(key: string) {
    const asset = assets.get(key);
    if (!asset) throw errorResponse(404, 'Resource not found');
    return Response.json(toResource(key, asset));
  }

  function list(query: URLSearchParams) {
    const keys = [...assets.keys()].filter((key) => key.startsWith(query.get('prefix') ?? ''));
    const from = Number(query.get('next_cursor') ?? 0);
    const next = keys.length > from + PAGE_SIZE ? { next_cursor: String(from + PAGE_SIZE) } : {};
    const page = keys.slice(from, from + PAGE_SIZE);
    const resources = page.flatMap((key) => {
      const asset = assets.get(key);
      return asset ? [toResource(key, asset)] : [];
    });
    return Response.json({ resources, ...next });
  }

  return { upload, destroy, download, get, list };
}

const now = () => Math.floor(Date.now() / 1000);
const errorResponse = (status: number, message: string) =>
  Response.json({ error: { message } }, { status });

const toResource = (key: string, { bytes, context, createdAt }: Asset) => ({
  public_id: key,
  bytes: bytes.byteLength,
  created_at: createdAt.toISOString(),
  context: { custom: context },
});

/** "All parameters but file, cloud_name, resource_type and api_key, sorted, then the secret": SHA-1. */
function requireSigned(fields: Fields, account: { apiKey: string; apiSecret: string }) {
  const { signature, api_key: apiKey, ...signed } = fields;
  const pairs = Object.entries(signed).map(([name, value]) => `${name}=${value}`);
  const text = `${pairs.sort().join('&')}${account.apiSecret}`;
  const expected = createHash('sha1').update(text).digest('hex');
  if (apiKey !== account.apiKey) throw errorResponse(401, 'Unknown API key');
  if (signature !== expected) throw errorResponse(401, 'Invalid Signature');
}

function requireFresh({ timestamp }: Fields) {
  const age = now() - Number(timestamp);
  if (!(age >= -60 && age <= MAX_REQUEST_AGE_SECONDS)) throw errorResponse(400, 'Stale request');
}
