/** The page that asks an operator for the admin key. No script: it works under the strictest policy. */
export function loginPage(problem?: string): string {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Rollcall queues</title>
    <style>
      :root { color-scheme: light dark; font-family: system-ui, sans-serif; }
      body { display: grid; place-items: center; min-height: 90vh; margin: 1rem; }
      form { display: grid; gap: 0.75rem; width: min(24rem, 100%); }
      input, button { font: inherit; padding: 0.5rem 0.75rem; }
      [role="alert"] { color: #b3261e; }
      @media (prefers-color-scheme: dark) { [role="alert"] { color: #f2b8b5; } }
    </style>
  </head>
  <body>
    <form method="post" action="/queues/login">
      <h1>Queues</h1>
      <label for="key">Platform admin key</label>
      <input id="key" name="key" type="password" autocomplete="current-password" required autofocus${problem === undefined ? '' : ' aria-invalid="true" aria-describedby="problem"'} />
      ${problem === undefined ? '' : `<p id="problem" role="alert">${problem}</p>`}
      <button type="submit">Log in</button>
    </form>
  </body>
</html>
`;
}
