import { InfrastructureError } from '@insightdesk/shared/errors';
import { releaseBuffer } from '../remote/upload-parts.ts';
import { xmlText } from '../remote/xml.ts';
import type { S3Client } from './s3-client.ts';

interface Upload {
  key: string;
  headers: Record<string, string>;
  parts: AsyncIterable<Uint8Array<ArrayBuffer>>;
  signal?: AbortSignal | undefined;
}

/** Uploads parts one by one, then completes the upload; aborts it on failure. */
export async function multipartUpload(bucket: S3Client, upload: Upload): Promise<void> {
  const { key, headers, parts, signal } = upload;
  const created = await bucket.requestText({
    method: 'POST',
    key,
    query: { uploads: '' },
    headers,
  });
  const uploadId = xmlText(created, 'UploadId');
  if (!uploadId) throw new InfrastructureError('The bucket created no multipart upload');
  try {
    const tags: string[] = [];
    for await (const body of parts) {
      const query = { partNumber: String(tags.length + 1), uploadId };
      const stored = await bucket.request({ method: 'PUT', key, query, body, signal });
      await stored.body?.cancel();
      releaseBuffer(body);
      tags.push(stored.headers.get('ETag') ?? '');
    }
    signal?.throwIfAborted();
    await bucket.requestText({
      method: 'POST',
      key,
      query: { uploadId },
      body: completionOf(tags),
    });
  } catch (error) {
    // If this fails too, the lifecycle rule of the bucket deletes the incomplete upload.
    const query = { uploadId };
    await bucket
      .request({ method: 'DELETE', key, query, expected: [404] })
      .then((response) => response.body?.cancel())
      .catch(() => undefined);
    throw error;
  }
}

function completionOf(tags: readonly string[]): string {
  const parts = tags.map((tag, index) => {
    const etag = tag.replace(/&/g, '&amp;').replace(/</g, '&lt;');
    return `<Part><PartNumber>${index + 1}</PartNumber><ETag>${etag}</ETag></Part>`;
  });
  return `<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`;
}
