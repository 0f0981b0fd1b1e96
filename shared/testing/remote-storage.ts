import {
  createAzureClient,
  createS3Client,
  createStorage,
  type StorageConfig,
  type StorageProvider,
  type UrlSigner,
} from '@insightdesk/shared/storage';
import { startCloudinaryServer } from './cloudinary-server.ts';
import { startStorageServer } from './storage-server.ts';

interface RunningService {
  config: StorageConfig;
  /** Process of the service; undefined for Cloudinary, which runs in this process. */
  pid?: number;
  close(): unknown;
}

const services = { s3: startS3, azure: startAzure, cloudinary: startCloudinary };

/** Starts an empty storage service and returns its provider; `close` stops it. */
export async function startRemoteStorage(
  kind: keyof typeof services,
  signer: UrlSigner,
): Promise<RunningService & { storage: StorageProvider }> {
  const service = await services[kind]();
  return { ...service, storage: createStorage(service.config, { signer }) };
}

const maxFileBytes = 1e9;

async function startS3(): Promise<RunningService> {
  const { url: endpoint, pid, close, ...account } = await startStorageServer('swift');
  const options = { ...account, endpoint, region: 'us-east-1', bucket: 'desk' };
  await createS3Client(options).requestText({ method: 'PUT' });
  return { config: { ...options, provider: 's3', maxFileBytes }, pid, close };
}

async function startAzure(): Promise<RunningService> {
  const { url: endpoint, pid, close, ...account } = await startStorageServer('azurite');
  const options = { ...account, endpoint, container: 'desk' };
  await createAzureClient(options).request({ method: 'PUT', query: { restype: 'container' } });
  return { config: { ...options, provider: 'azure', maxFileBytes }, pid, close };
}

async function startCloudinary(): Promise<RunningService> {
  const { close, ...account } = startCloudinaryServer();
  return { config: { ...account, provider: 'cloudinary', maxFileBytes }, close };
}
