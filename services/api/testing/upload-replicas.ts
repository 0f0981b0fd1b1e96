import { systemContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { downloadAttachment, processAttachment } from '@insightdesk/shared/domain/desk/attachments';
import { createMetrics } from '@insightdesk/shared/monitoring';
import type { StorageProvider } from '@insightdesk/shared/storage';
import {
  createTestContext,
  createTestDatabase,
  createTestTenant,
} from '@insightdesk/shared/testing';
import * as tus from 'tus-js-client';
import { createApp } from '../app.ts';
import { accessTokenOf } from './access-token.ts';
import { startCuttingProxy } from './cutting-proxy.ts';
import { createIntegrationApi } from './integration-api.ts';

const newMetrics = () => createMetrics({ service: 'api', replica: 'api-1' });

/**
 * Two API replicas and a user who uploads. They have a database of their own, because a running
 * worker would complete uploads.
 */
export async function createUploadReplicas() {
  const server = await createTestDatabase();
  const apis = [0, 1].map(() =>
    createIntegrationApi({ windowMs: 60_000, maxRequests: 0 }, {}, server.url),
  );
  const testContext = createTestContext(server.url);
  const { owner } = await createTestTenant(testContext.context);
  const token = await accessTokenOf(owner);
  const headers = () => ({ Authorization: `Bearer ${token}` });

  /** Two replicas with one storage, behind a proxy that cuts connections. */
  async function startReplicas(storage: StorageProvider) {
    const settings = { ...testContext.context.settings };
    const limits = { ...testContext.context.limits, maxFileBytes: 1e8 };
    const serve = (api: (typeof apis)[number]) => {
      const context: (typeof api.options)['context'] = (call) => ({
        ...api.context,
        ...call,
        files: { ...api.context.files, storage },
        settings,
        limits,
      });
      const { fetch } = createApp({ ...api.options, metrics: newMetrics(), context });
      return Bun.serve({
        port: 0,
        hostname: '127.0.0.1',
        idleTimeout: 120,
        maxRequestBodySize: 1e9,
        fetch,
      });
    };
    const replicas = apis.map(serve);
    const proxy = await startCuttingProxy(replicas.map(({ port }) => port ?? 0));
    settings.publicUrl = proxy.url;
    const close = async () => {
      proxy.close();
      await Promise.all(replicas.map((replica) => replica.stop(true)));
    };
    return { proxy, close };
  }

  const upload = (bytes: Buffer, endpoint: string, options: Partial<tus.UploadOptions> = {}) =>
    uploadWithTus(bytes, { endpoint, headers: headers(), ...options });

  /** Processes an attachment as the worker does, then downloads it. */
  async function processAndDownload(storage: StorageProvider, id: Id<'att'>) {
    const { tenantId } = owner;
    if (!tenantId) throw new Error('The context has no tenant');
    const context = { ...testContext.context, files: { ...testContext.context.files, storage } };
    const worker = systemContext(context, 'worker', { tenantId, requestId: 'test' });
    await processAttachment(worker, { attachmentId: id });
    const file = await downloadAttachment({ ...owner, files: { ...owner.files, storage } }, { id });
    return { name: file.name, bytes: Buffer.from(await new Response(await file.stream()).bytes()) };
  }

  return {
    server,
    testContext,
    owner,
    headers,
    startReplicas,
    upload,
    processAndDownload,
    async close() {
      await Promise.all([testContext, ...apis].map((opened) => opened.close()));
      await server.drop();
    },
  };
}

/** Uploads with the official tus client and returns the id of the attachment. */
function uploadWithTus(bytes: Buffer, options: Partial<tus.UploadOptions>) {
  return new Promise<Id<'att'>>((resolve, reject) => {
    const tusUpload = new tus.Upload(bytes, {
      retryDelays: Array(40).fill(10),
      onError: reject,
      onSuccess: () => resolve(tusUpload.url?.split('/').at(-1) as Id<'att'>),
      ...options,
    });
    tusUpload.start();
  });
}
