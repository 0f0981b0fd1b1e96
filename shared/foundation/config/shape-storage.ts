import type { Environment } from './environment.ts';

/** Settings of the storage provider; the policy has checked that they are complete. */
export function shapeStorage(
  env: Environment,
  variables: Readonly<Record<string, string | undefined>>,
) {
  const maxFileBytes = env.MAX_FILE_SIZE;
  const provider = env.STORAGE_PROVIDER;
  switch (provider) {
    case 's3':
      return { provider, maxFileBytes, ...shapeS3(env) } as const;
    case 'azure':
      return { provider, maxFileBytes, ...shapeAzure(env) } as const;
    case 'cloudinary':
      return { provider, maxFileBytes, ...shapeCloudinary(env) } as const;
    case 'custom':
      return { provider, maxFileBytes, module: env.STORAGE_MODULE ?? '', variables } as const;
    case 'memory':
      return { provider, maxFileBytes } as const;
    case 'local':
      return { provider, maxFileBytes, directory: env.STORAGE_DIRECTORY } as const;
  }
}

const shapeS3 = (env: Environment) => ({
  bucket: env.AWS_S3_BUCKET ?? '',
  accessKeyId: env.AWS_ACCESS_KEY_ID ?? '',
  secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? '',
  region: env.AWS_REGION ?? 'auto',
  endpoint: env.AWS_S3_ENDPOINT,
  publicEndpoint: env.AWS_S3_PUBLIC_ENDPOINT,
});

const shapeAzure = (env: Environment) => ({
  account: env.AZURE_STORAGE_ACCOUNT ?? '',
  accessKey: env.AZURE_STORAGE_ACCESS_KEY ?? '',
  container: env.AZURE_STORAGE_CONTAINER ?? '',
  endpoint: env.AZURE_STORAGE_ENDPOINT,
  publicEndpoint: env.AZURE_STORAGE_PUBLIC_ENDPOINT,
});

const shapeCloudinary = (env: Environment) => ({
  cloudName: env.CLOUDINARY_CLOUD_NAME ?? '',
  apiKey: env.CLOUDINARY_API_KEY ?? '',
  apiSecret: env.CLOUDINARY_API_SECRET ?? '',
  apiUrl: env.CLOUDINARY_API_URL,
});
