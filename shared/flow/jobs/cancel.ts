/** The pub/sub topic by which workers hear whom to stop; messages are BullMQ's job ids. */
export const cancelTopic = (prefix: string) => `${prefix}:cancel`;
