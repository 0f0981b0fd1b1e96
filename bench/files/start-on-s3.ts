// `bun bench/files/start-on-s3.ts`: the local stack with its files in Swift by S3, until Ctrl-C.
import { join } from 'node:path';
import { createUrlSigner } from '@insightdesk/shared/storage';
import { openRemoteStorage } from '@insightdesk/shared/testing';

const signer = createUrlSigner({ secret: 'of the benchmark', publicUrl: 'http://localhost' });
const { config, close } = await openRemoteStorage('s3', signer);
if (config.provider !== 's3') throw new Error('Not S3');
const stack = Bun.spawn([process.execPath, join(import.meta.dir, '../../deploy/local/start.ts')], {
  stdio: ['inherit', 'inherit', 'inherit'],
  env: {
    ...process.env,
    STORAGE_PROVIDER: 's3',
    AWS_S3_ENDPOINT: config.endpoint ?? '',
    AWS_S3_BUCKET: config.bucket,
    AWS_REGION: config.region,
    AWS_ACCESS_KEY_ID: config.accessKeyId,
    AWS_SECRET_ACCESS_KEY: config.secretAccessKey,
  },
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stack.kill(signal));
await stack.exited;
await close();
process.exit(0);
