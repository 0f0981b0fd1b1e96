const page = (title: string, body: string) => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="same-origin">
<title>${title}</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 22rem; margin: 15vh auto; padding: 0 1rem }
label { display: block; margin: 1rem 0 }
input { display: block; width: 100%; box-sizing: border-box; font: inherit; padding: .5rem }
button { font: inherit; padding: .5rem 1.5rem }
[role=alert] { color: #b00020 }
</style>
</head>
<body>
<h1>${title}</h1>
${body}
</body>
</html>
`;

/** The operators' sign-in form; it repeats no user input. */
export const signInPage = (basePath: string, error?: string) =>
  page(
    'Queues',
    `${error ? `<p role="alert">${error}</p>` : ''}
<form method="post" action="${basePath}/sign-in">
<label>Email <input name="email" type="email" autocomplete="username" required autofocus></label>
<label>Password <input name="password" type="password" autocomplete="current-password" required></label>
<button>Sign in</button>
</form>`,
  );

/** Confirms sign-out, so that a link alone cannot end the session. */
export const signOutPage = (basePath: string) =>
  page(
    'Sign out',
    `<form method="post" action="${basePath}/sign-out"><button>Sign out</button></form>
<p><a href="${basePath}">Back to queues</a></p>`,
  );
