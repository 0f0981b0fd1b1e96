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

/** Uploads parts, one on its way at a time; what fails in between leaves none of them. */
export async function multipartUpload(bucket: S3Client, upload: Upload): Promise<void> {
  const { key, headers, parts, signal } = upload;
  const begun = await bucket.askText({ method: 'POST', key, query: { uploads: '' }, headers });
  const uploadId = xmlText(begun, 'UploadId');
  if (!uploadId) throw new InfrastructureError('The bucket began no multipart upload');
  try {
    const tags: string[] = [];
    for await (const body of parts) {
      const query = { partNumber: String(tags.length + 1), uploadId };
      const stored = await bucket.ask({ method: 'PUT', key, query, body, signal });
      await stored.body?.cancel();
      releaseBuffer(body);
      tags.push(stored.headers.get('ETag') ?? '');
    }
    signal?.throwIfAborted();
    await bucket.askText({ method: 'POST', key, query: { uploadId }, body: listOf(tags) });
  } catch (error) {
    // Whatever remains after a failure here, the bucket's own rule for incomplete uploads removes.
    const query = { uploadId };
    await bucket
      .ask({ method: 'DELETE', key, query, expected: [404] })
      .then((answer) => answer.body?.cancel())
      .catch(() => undefined);
    throw error;
  }
}

function listOf(tags: readonly string[]): string {
  const parts = tags.map((tag, index) => {
    const etag = tag.replace(/&/g, '&amp;').replace(/</g, '&lt;');
    return `<Part><PartNumber>${index + 1}</PartNumber><ETag>${etag}</ETag></Part>`;
  });
  return `<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`;
}
