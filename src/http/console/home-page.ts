/** What `/` shows where the console was not built: how to get it, and where everything else is. */
export const homePage = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Rollcall</title>
    <style>
      :root { color-scheme: light dark; font-family: system-ui, sans-serif; line-height: 1.5; }
      body { max-width: 40rem; margin: 3rem auto; padding: 0 1rem; }
      dt { font-weight: 600; margin-top: 0.75rem; }
      dd { margin: 0; }
    </style>
  </head>
  <body>
    <h1>Rollcall</h1>
    <p>Directory sync is running, but the admin console was not built: run <code>npm run build</code> and start again.
    Identity providers call over SCIM 2.0; admins and operators find the rest here:</p>
    <dl>
      <dt><a href="/api/docs">Admin API</a></dt>
      <dd>Every operation, to read; the document itself is <a href="/api/openapi.json">openapi.json</a>.</dd>
      <dt><a href="/queues">Queues</a></dt>
      <dd>Jobs on their way, failed ones, retries. Asks for the platform admin key.</dd>
      <dt><a href="/readyz">Readiness</a> and <a href="/metrics">metrics</a></dt>
      <dd>Each dependency by name; figures for Prometheus.</dd>
    </dl>
  </body>
</html>
`;
