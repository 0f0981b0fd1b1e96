import { boot } from '@insightdesk/shared/boot';
import { rateLimitRules, socketLimits } from '@insightdesk/shared/contract';
import { createAddressReader, createHealthApp, createRateLimits } from '@insightdesk/shared/http';
import { createPresenceMembers } from '@insightdesk/shared/realtime';
import { channels } from './channels.ts';
import { countConnections, createConnectionLimits } from './handshake/connection-limits.ts';
import { unauthenticatedLimits } from './handshake/unauthenticated-connections.ts';
import { registerSocketMetrics } from './replica/metrics.ts';
import { createThrottledErrorLog } from './replica/throttled-error-log.ts';
import { createSocketServer } from './server.ts';
import { createSessionSource, createSessionVerifier } from './sessions/session-verifier.ts';

await boot('websocket', (app) => {
  const { config, log, lifecycle, health, metrics, container } = app;
  const { replica, host, port, shutdownTimeoutMs } = config.service;
  const connect = (name: string) => container.connectValkey('default', 'subscriber', name);
  const valkey = {
    hub: connect('hub'),
    signalsOut: connect('signals-out'),
    signalsIn: connect('signals-in'),
  };
  const isReady = () => lifecycle.isReady;
  const actor = { kind: 'system', name: 'websocket' } as const;
  const root = app.context({ actor, tenantId: undefined, requestId: 'websocket' });
  const isLimited = config.rateLimit.maxRequests > 0;
  const { meter } = container;
  const countsOptions = { onError: createThrottledErrorLog(log), subscriber: valkey.hub };
  const connectionLimits = isLimited
    ? createConnectionLimits(container.valkey, {
        ...countsOptions,
        limits: config.realtime.maxSockets,
        limitOf: (tenantId) => meter.limitOf(tenantId, 'sockets'),
      })
    : countConnections(container.valkey, countsOptions);
  const server = createSocketServer({
    log,
    replica,
    valkey,
    listen: container.listen,
    tokens: container.tokens,
    presence: {
      ...container.presence,
      connected(tenantId, userId) {
        meter.count(tenantId, 'socket-connections');
        return container.presence.connected(tenantId, userId);
      },
    },
    channelLog: container.channelLog,
    presenceMembers: createPresenceMembers(container.valkey, {
      ...container.channelHistory,
      onError: (error) => log.warn({ err: String(error) }, 'presence: update failed'),
    }),
    channels,
    context: app.context,
    sessions: createSessionVerifier(createSessionSource(root), container.recentSessions),
    fetch: createHealthApp({ health, metrics, isReady }).fetch,
    readAddress: createAddressReader(config.http.clientAddress),
    corsOrigins: config.http.corsOrigins,
    origin: new URL(config.http.publicUrl).origin,
    load: app.load,
    maxChannelsPerSocket: config.realtime.maxChannelsPerSocket,
    connectionLimits,
    ...(isLimited && {
      unauthenticated: unauthenticatedLimits,
      signalLimits: createRateLimits({
        rules: rateLimitRules(config.rateLimit),
        valkey: container.sessionValkey.valkey,
      }),
      maxChannelsPerOrganization: config.realtime.maxChannelsPerOrganization,
    }),
    callLimits: isLimited ? socketLimits : undefined,
  });
  registerSocketMetrics(metrics, server);

  lifecycle.registerShutdownHook('valkey subscribers', () => {
    for (const connection of Object.values(valkey)) connection.disconnect();
  });
  lifecycle.registerStartupHook('sockets', async () => {
    log.info({ port: await server.listen(port, host) }, 'websocket: listening');
  }, ['postgres']);
  lifecycle.registerShutdownHook('sockets', () => server.drain(shutdownTimeoutMs / 2));
});
