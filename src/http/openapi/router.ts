import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import express, { type Router } from 'express';
import { openApiDocument } from './document.ts';

/** All that the page needs of swagger-ui-dist; nothing else of that package is served. */
const assets = ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png'];
const assetDirectory = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));

/** Everything from here, no inline script; Swagger UI sets styles on elements, and its icons are data URLs. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Rollcall admin API</title>
    <link rel="stylesheet" href="docs/swagger-ui.css" />
    <link rel="icon" type="image/png" href="docs/favicon-32x32.png" />
  </head>
  <body>
    <div id="page"></div>
    <script src="docs/swagger-ui-bundle.js"></script>
    <script src="docs/start.js"></script>
  </body>
</html>
`;

// No authorization is remembered: the key would lie in the browser's storage.
const startScript = `SwaggerUIBundle({
  url: 'openapi.json',
  dom_id: '#page',
  deepLinking: true,
  validatorUrl: null,
  persistAuthorization: false,
});
`;

/**
 * `/openapi.json` and a page to read it, `/docs`; to be mounted at `/api`. Both are public: they say how to ask, not
 * what the answers are. The page works offline, and below a path prefix of a proxy.
 */
export function openApiRouter(deps: { publicUrl: () => string }): Router {
  const router = express.Router({ strict: true });
  let cached: { url: string; text: string } | undefined;
  router.get('/openapi.json', (_req, res) => {
    const url = deps.publicUrl();
    if (cached?.url !== url) cached = { url, text: JSON.stringify(openApiDocument(url)) };
    res.type('application/json').send(cached.text);
  });
  router.use('/docs', (_req, res, next) => {
    res.set({ 'Content-Security-Policy': contentSecurityPolicy, 'X-Content-Type-Options': 'nosniff' });
    next();
  });
  router.get('/docs', (_req, res) => {
    res.type('html').send(page);
  });
  // The page's addresses are relative to the one without the slash.
  router.get('/docs/', (_req, res) => res.redirect(308, '../docs'));
  router.get('/docs/start.js', (_req, res) => {
    res.type('text/javascript').send(startScript);
  });
  for (const asset of assets) {
    router.get(`/docs/${asset}`, (_req, res) => {
      res.sendFile(asset, { root: assetDirectory, maxAge: '1d' });
    });
  }
  return router;
}
