/** All that clients and servers have in common: names and shapes, no code of the server. */
export { Channels, type IdsIn, matchChannel } from './channels.ts';
export { idSchema } from './id-schema.ts';
export { fromUuid, type Id, type IdPrefix, isId, toUuid } from './ids.ts';
export { managerRoles, type Role, roles, staffRoles } from './roles.ts';
export { type SocketInput, type SocketRequest, socketInputs } from './socket-inputs.ts';
export {
  type ChannelEvent,
  type ClientAnswer,
  type ClientRequest,
  Events,
  type Position,
  type PresenceChange,
  type PresentMember,
  type Signal,
  type Snapshot,
} from './socket-outputs.ts';
