import { Channels, createClient, Events, type Message } from '@insightdesk/client';

/** Prints a conversation as it goes on, until somebody says bye: `node follow.js <url> <email> <password> <id>`. */
const [, , url = '', email = '', password = '', id = ''] = process.argv;
const conversationId = id as Message['conversationId'];
const shown = new Set<string>();

const client = createClient({ url });
const { user } = await client.login({ email, password });

function show(message: Message): void {
  if (shown.has(message.id)) return;
  shown.add(message.id);
  console.log(`${message.authorId === user.id ? 'me' : 'they'}: ${message.body}`);
  if (message.body === 'bye') client.close();
}

async function fetchAll(): Promise<void> {
  const { items } = await client.messages.list(conversationId, { limit: 100 });
  for (const message of items.reverse()) show(message);
}

const subscription = client.subscribe(Channels.conversation(conversationId), {
  onEvent: ({ type, data }) => {
    if (type === Events.messageCreated) show(data);
  },
  onGap: () => void fetchAll(),
});

// First subscribed, then fetched: nothing can fall between.
await subscription.ready;
await fetchAll();
await client.send(conversationId, { body: `Hello from ${process.version.split('.')[0]}` });
