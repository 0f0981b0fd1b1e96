/** All that clients and servers have in common: names and shapes, no code of the server. */
export { idSchema } from './id-schema.ts';
export * from './limits.ts';
export * from './shapes.ts';
export { type SocketInput, socketInputs } from './socket-input-schemas.ts';
export { clientAnswer, presenceChange, serverEvents, signals } from './socket-output-schemas.ts';
