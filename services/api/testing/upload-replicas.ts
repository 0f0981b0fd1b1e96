import { type Context, systemContext } from '@insightdesk/shared/context';
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
import { startCuttingProxy } from './cutting-proxy.ts';
import { createIntegrationApi } from './integration-api.ts';

const newMetrics = () => createMetrics({ service: 'api', replica: 'api-1' });

/**
 * Two replicas, and somebody who uploads. With a database of its own: a running worker would put
 * together what it does not find.
 */
export async function createUploadReplicas() {
  const server = await createTestDatabase();
  const apis = [0, 1].map(() =>
    createIntegrationApi({ windowMs: 60_000, maxRequests: 0 }, {}, server.url),
  );
  const stage = createTestContext(server.url);
  const { owner } = await createTestTenant(stage.context);
  const token = await tokenOf(stage.context, owner);
  const headers = () => ({ Authorization: `Bearer ${token}` });

  /** Two replicas with one storage, behind a door that cuts. */
  async function openReplicas(storage: StorageProvider) {
    const settings = { ...stage.context.settings };
    const limits = { ...stage.context.limits, maxFileBytes: 1e8 };
    const open = (api: (typeof apis)[number]) => {
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
    const replicas = apis.map(open);
    const door = await startCuttingProxy(replicas.map(({ port }) => port ?? 0));
    settings.publicUrl = door.url;
    const close = async () => {
      door.close();
      await Promise.all(replicas.map((replica) => replica.stop(true)));
    };
    return { door, close };
  }

  /** As the official client does it. */
  function send(bytes: Buffer, endpoint: string, options: Partial<tus.UploadOptions> = {}) {
    return new Promise<Id<'att'>>((resolve, reject) => {
      const upload = new tus.Upload(bytes, {
        endpoint,
        headers: headers(),
        retryDelays: Array(40).fill(10),
        onError: reject,
        onSuccess: () => resolve(upload.url?.split('/').at(-1) as Id<'att'>),
        ...options,
      });
      upload.start();
    });
  }

  /** What a worker makes of it, then what there is to download. */
  async function receive(storage: StorageProvider, id: Id<'att'>) {
    const { tenantId } = owner;
    if (!tenantId) throw new Error('Nobody is signed in');
    const context = { ...stage.context, files: { ...stage.context.files, storage } };
    const worker = systemContext(context, 'worker', { tenantId, requestId: 'test' });
    await processAttachment(worker, { attachmentId: id });
    const file = await downloadAttachment({ ...owner, files: { ...owner.files, storage } }, { id });
    return { name: file.name, bytes: Buffer.from(await new Response(await file.stream()).bytes()) };
  }

  return {
    server,
    stage,
    owner,
    headers,
    openReplicas,
    send,
    receive,
    async close() {
      await Promise.all([stage, ...apis].map((one) => one.close()));
      await server.drop();
    },
  };
}

/** What somebody signs in with. */
export async function tokenOf(context: Context, { actor, tenantId }: Context): Promise<string> {
  if (actor.kind !== 'user' || !tenantId) throw new Error('Nobody is signed in');
  return (await context.security.tokens.signAccess({ tenantId, ...actor })).token;
}
