// The script of all pages: sends a form as JSON and shows the result. The attributes of the form say
// where to, and what to show; `{a.b}` in them is a field of the response.

const form = document.querySelector('form[data-to]');
const query = new URLSearchParams(location.search);
const token = query.get('token') ?? undefined;

const find = (selector) => document.querySelector(selector);
const fill = (text, values) =>
  text.replace(/\{([a-z.]+)\}/gi, (_, path) =>
    path.split('.').reduce((value, name) => value?.[name] ?? '', values),
  );

function showError(message, field) {
  find('[role=alert]').textContent = message;
  field?.focus();
}

class Problem extends Error {
  constructor({ errors, detail, code }) {
    super(errors?.[0]?.message ?? detail);
    this.code = code;
    this.field = errors?.[0]?.path;
  }
}

/** Sends JSON; throws the problem of the response. */
async function request(method, url, body) {
  const response = await fetch(url, {
    method,
    ...(body && { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }),
  }).catch(() => {
    throw new Error('No connection. Check your network and try again.');
  });
  const result = response.status === 204 ? {} : await response.json().catch(() => ({}));
  if (response.ok) return result;
  throw new Problem({ detail: 'Something went wrong. Try again.', ...result });
}

/** Replaces the form by a result and a link to the app. */
function showResult(heading, lead) {
  form.remove();
  find('h1').textContent = heading;
  find('#lead').textContent = lead;
  find('#next').hidden = false;
}

function showCode() {
  const label = find('[data-code]');
  const input = label.querySelector('input');
  label.hidden = false;
  input.disabled = false;
  showError('Enter the code of your second factor.', input);
}

function showFailure(error) {
  if (error.code === 'TWO_FACTOR_REQUIRED' && find('[data-code][hidden]')) return showCode();
  if (token && error.field === 'token') {
    return showResult('This link does not work', `${error.message}. ${form.dataset.expired}`);
  }
  if (error.code === 'INVITATION_USED') return showResult('Already accepted', `${error.message}.`);
  const code = find('[name=code]:enabled');
  if (code && error.code === 'TWO_FACTOR_INVALID') code.value = '';
  const isOfCode = error.code?.startsWith('TWO_FACTOR');
  showError(error.message, isOfCode ? code : find(`[name="${error.field ?? ''}"]`));
}

function showSuccess(result) {
  const { then, heading, lead } = form.dataset;
  if (then) return location.assign(then);
  return showResult(fill(heading, result), fill(lead, result));
}

/** Runs `send` with disabled buttons. */
async function submit(send) {
  const buttons = form.querySelectorAll('button');
  for (const button of buttons) button.disabled = true;
  showError('');
  try {
    showSuccess(await send());
  } catch (error) {
    for (const button of buttons) button.disabled = false;
    showFailure(error);
  }
}

/** Shows what the link of an email is for. */
async function describeLink() {
  if (!token) {
    return showError('This link is incomplete. Open the link in your email again.');
  }
  try {
    const about = await request('GET', `${form.dataset.about}?token=${encodeURIComponent(token)}`);
    find('#lead').textContent = fill(form.dataset.aboutLead, about);
    if (about.hasAccount) askForExistingPassword();
  } catch (error) {
    showFailure(error);
  }
}

/** The invited address has an account: its password, and no name. */
function askForExistingPassword() {
  for (const part of document.querySelectorAll('[data-new-account]')) part.remove();
  const label = find('[data-password]');
  const input = label.querySelector('input');
  label.firstChild.textContent = 'Password of your account';
  input.autocomplete = 'current-password';
  input.removeAttribute('minlength');
}

async function usePasskey({ passkeyOptions, passkeyTo }) {
  const { token, options } = await request('POST', passkeyOptions, {});
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  const credential = await navigator.credentials.get({ publicKey }).catch(() => {
    throw new Error('No passkey was used. Try again, or use your password.');
  });
  return request('POST', passkeyTo, { token, response: credential.toJSON() });
}

if (form) {
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const fields = Object.fromEntries(new FormData(form));
    if (event.submitter?.hasAttribute('data-subscribe')) fields.subscribe = true;
    void submit(() => request('POST', form.dataset.to, { token, ...fields }));
  });
  if (form.dataset.about) void describeLink();
  const passkey = find('[data-passkey-to]');
  if (passkey && globalThis.PublicKeyCredential?.parseRequestOptionsFromJSON) {
    passkey.hidden = false;
    passkey.addEventListener('click', () => void submit(() => usePasskey(passkey.dataset)));
  }
}
