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

interface Served {
  config: StorageConfig;
  /** Of the service; Cloudinary's is this process. */
  pid?: number;
  close(): unknown;
}

const services = { s3: serveS3, azure: serveAzure, cloudinary: serveCloudinary };

/** A provider on an empty service of its own, until `close`. */
export async function openRemoteStorage(
  kind: keyof typeof services,
  signer: UrlSigner,
): Promise<Served & { storage: StorageProvider }> {
  const served = await services[kind]();
  return { ...served, storage: createStorage(served.config, { signer }) };
}

const maxFileBytes = 1e9;

async function serveS3(): Promise<Served> {
  const { url: endpoint, pid, close, ...account } = await startStorageServer('swift');
  const options = { ...account, endpoint, region: 'us-east-1', bucket: 'desk' };
  await createS3Client(options).askText({ method: 'PUT' });
  return { config: { ...options, provider: 's3', maxFileBytes }, pid, close };
}

async function serveAzure(): Promise<Served> {
  const { url: endpoint, pid, close, ...account } = await startStorageServer('azurite');
  const options = { ...account, endpoint, container: 'desk' };
  await createAzureClient(options).ask({ method: 'PUT', query: { restype: 'container' } });
  return { config: { ...options, provider: 'azure', maxFileBytes }, pid, close };
}

async function serveCloudinary(): Promise<Served> {
  const { close, ...account } = startCloudinaryServer();
  return { config: { ...account, provider: 'cloudinary', maxFileBytes }, close };
}
