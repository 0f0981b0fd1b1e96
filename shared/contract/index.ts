/** Types and constants that clients and servers share. */
export { idSchema } from './id-schema.ts';
export * from './limits.ts';
export * from './shapes.ts';
export { type SocketInput, socketInputs } from './socket-input-schemas.ts';
export { clientResponse, presenceChange, serverEvents, signals } from './socket-output-schemas.ts';
