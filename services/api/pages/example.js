// The example chat: what an app does with @insightdesk/client, without a framework.

const find = (selector) => document.querySelector(selector);
const { Channels, createClient, Events } = await import(find('main').dataset.client);

// One session per tab: two tabs may be signed in as different users.
const STORAGE_KEY = 'insightdesk-example';
const stored = JSON.parse(sessionStorage.getItem(STORAGE_KEY) ?? 'null');
const alertLine = find('[role=alert]');
const log = find('[role=log]');

let user;
let opened;

const client = createClient({
  url: location.origin,
  tokens: stored ?? undefined,
  onTokensChange(tokens) {
    if (tokens) sessionStorage.setItem(STORAGE_KEY, JSON.stringify(tokens));
    else sessionStorage.removeItem(STORAGE_KEY);
  },
  onConnectionChange(isConnected) {
    find('#connection').textContent = isConnected ? 'online' : 'offline';
  },
  onWait({ reason, retryAfterMs }) {
    alertLine.textContent = `Waiting ${Math.ceil(retryAfterMs / 1_000)} s (${reason})`;
  },
});

/** Runs `action` and shows why it failed. */
async function attempt(action) {
  alertLine.textContent = '';
  try {
    await action();
    alertLine.textContent = '';
  } catch (error) {
    alertLine.textContent = error.problem?.detail ?? error.message;
  }
}

function onSubmit(selector, action) {
  find(selector).addEventListener('submit', async (event) => {
    event.preventDefault();
    const form = event.currentTarget;
    const button = form.querySelector('button');
    button.disabled = true;
    await attempt(() => action(Object.fromEntries(new FormData(form)), form));
    button.disabled = false;
  });
}

async function listConversations() {
  const { items } = await client.conversations.list({ limit: 20 });
  find('#empty').hidden = items.length > 0;
  const rows = items.map((conversation) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = `${conversation.subject} (${conversation.status})`;
    button.ariaCurrent = String(conversation.id === opened?.id);
    button.addEventListener('click', () => void attempt(() => open(conversation)));
    const item = document.createElement('li');
    item.append(button);
    return item;
  });
  find('#conversations').replaceChildren(...rows);
}

async function showChat() {
  const { organization, role, ...me } = await client.me();
  user = me.user;
  const isCustomer = role === 'customer';
  find('#user').textContent = `${user.name} (${role})`;
  find('#sign-in').hidden = true;
  find('#chat').hidden = false;
  find('#start').hidden = !isCustomer;
  // Staff follow all conversations of the organization.
  const channel = isCustomer
    ? Channels.userPrivate(user.id)
    : Channels.organization(organization.id);
  client.subscribe(channel, { onEvent: listConversations, onGap: listConversations });
  await listConversations();
}

async function open(conversation) {
  opened?.close();
  find('#conversation').hidden = false;
  find('#subject').textContent = conversation.subject;
  find('#messages').replaceChildren();
  find('#typing').textContent = '';
  const shown = new Set();

  // By id: a message that is fetched and also comes live is shown once.
  function show(message) {
    if (shown.has(message.id)) return;
    shown.add(message.id);
    const isOwn = message.authorId === user.id;
    const item = document.createElement('li');
    item.className = isOwn ? 'own' : '';
    const author = document.createElement('strong');
    author.textContent = isOwn ? 'You: ' : `${message.author?.name ?? 'They'}: `;
    item.append(author, message.body);
    find('#messages').append(item);
    log.scrollTop = log.scrollHeight;
  }

  async function fetchAll() {
    const { items } = await client.messages.list(conversation.id, { limit: 100 });
    for (const message of items.reverse()) show(message);
  }

  const subscription = client.subscribe(Channels.conversation(conversation.id), {
    onEvent: ({ type, data }) => type === Events.messageCreated && show(data),
    onGap: fetchAll,
  });
  const presence = client.presence(Channels.conversationPresence(conversation.id), {
    onTypingChange(userIds) {
      const isTyping = userIds.some((id) => id !== user.id);
      find('#typing').textContent = isTyping ? 'The other side is typing …' : '';
    },
  });
  opened = {
    id: conversation.id,
    setTyping: () => presence.setTyping(),
    close() {
      subscription.close();
      presence.close();
    },
  };
  await subscription.ready;
  await fetchAll();
  await listConversations();
  find('#reply input').focus();
}

onSubmit('#sign-in', async ({ email, password }) => {
  await client.login({ email, password });
  await showChat();
});
onSubmit('#start', async (fields, form) => {
  const conversation = await client.conversations.create(fields);
  form.reset();
  await open(conversation);
});
onSubmit('#reply', async ({ body }, form) => {
  form.reset();
  await client.send(opened.id, { body });
});
find('#reply input').addEventListener('input', () => opened.setTyping());
find('#sign-out').addEventListener('click', () =>
  attempt(async () => {
    await client.logout();
    location.reload();
  }),
);
if (stored) await attempt(showChat);
