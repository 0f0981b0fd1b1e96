import { Channels, createClient, type EventData, Events, type Message } from '@insightdesk/client';

/** Prints the messages of a conversation until one says bye: `node follow.js <url> <email> <password> <id>`. */
const [, , url = '', email = '', password = '', id = ''] = process.argv;
const conversationId = id as Message['conversationId'];
const printed = new Set<string>();

const client = createClient({ url });
const { user } = await client.login({ email, password });

function print(message: EventData['message.created']): void {
  if (printed.has(message.id)) return;
  printed.add(message.id);
  console.log(
    `${message.authorId === user.id ? 'me' : (message.author?.name ?? 'they')}: ${message.body}`,
  );
  if (message.body === 'bye') client.close();
}

async function fetchAll(): Promise<void> {
  const { items } = await client.messages.list(conversationId, { limit: 100 });
  for (const message of items.reverse()) print(message);
}

const subscription = client.subscribe(Channels.conversation(conversationId), {
  onEvent: ({ type, data }) => {
    if (type === Events.messageCreated) print(data);
  },
  onGap: () => void fetchAll(),
});

// Fetched after subscribing: no message is missed in between.
await subscription.ready;
await fetchAll();
await client.send(conversationId, { body: `Hello from ${process.version.split('.')[0]}` });
