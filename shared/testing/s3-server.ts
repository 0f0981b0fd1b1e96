import { createS3Client } from '@insightdesk/shared/storage';
import { startStorageServer } from './storage-server.ts';

/** A server with the S3 API and one empty bucket; `options` are those of its storage provider. */
export async function startS3Server() {
  const server = await startStorageServer('swift');
  const { accessKeyId, secretAccessKey, url: endpoint } = server;
  const options = { accessKeyId, secretAccessKey, endpoint, region: 'us-east-1', bucket: 'desk' };
  await createS3Client(options).requestText({ method: 'PUT' });
  return { ...server, options };
}
