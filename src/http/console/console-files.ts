import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import express, { type RequestHandler, type Router } from 'express';
import { homePage } from './home-page.ts';

/** Where `npm run build` puts the console, seen from the compiled program and from the source. */
export const builtConsole = join(
  import.meta.dirname,
  import.meta.filename.endsWith('.ts') ? '../../../dist/console' : '../../../console',
);

/** Addresses that the console itself makes sense of; anything else that is unknown stays unknown. */
const appRoutes = ['/', '/sign-in', '/organizations{/*rest}', '/operations{/*rest}'];

/** In index.html, where each answer puts a value of its own: `html.cspNonce` in vite.config.ts. */
const noncePlace = '__CSP_NONCE__';

/** Files whose name holds a hash of what is in them never change. */
const forEver = 'public, max-age=31536000, immutable';

/** The others are few and small: a browser asks each time, and usually hears that nothing has changed. */
const askFirst = 'no-cache';

const types: Readonly<Record<string, string>> = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
};

/**
 * The admin console, to be mounted at `/`: its files, and its page at every address that it knows. Where it was not
 * built, `/` says so and shows what there is beside it.
 */
export function consoleRouter(directory = builtConsole): Router {
  const router = express.Router();
  if (!existsSync(join(directory, 'index.html'))) {
    router.get('/', (_req, res) => void res.type('html').send(homePage));
    return router;
  }
  router.get(appRoutes, page(readFileSync(join(directory, 'index.html'), 'utf8')));
  router.use(files(directory));
  return router;
}

/** The page carries names of scripts that the next release replaces, and a nonce: it is never kept. */
function page(html: string): RequestHandler {
  const parts = html.split(noncePlace);
  return (_req, res) => {
    const nonce = randomBytes(16).toString('base64');
    res
      .set('Content-Security-Policy', contentSecurityPolicy(nonce))
      .set('Cache-Control', 'no-store')
      .type('html')
      .send(parts.join(nonce));
  };
}

/**
 * Stricter than elsewhere: nothing inline runs or styles without the nonce of this very answer. The component library
 * writes its theme into a `style` element, which carries it.
 */
function contentSecurityPolicy(nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "connect-src 'self'",
    "img-src 'self'",
    "font-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
}

/** Serves what was there at the start, compressed as the build left it. No name that was not there is ever looked up. */
function files(directory: string): RequestHandler {
  const names = new Set(readdirSync(directory, { recursive: true, encoding: 'utf8' }).map((name) => `/${name}`));
  return (req, res, next) => {
    const type = types[req.path.split('.').at(-1) ?? ''];
    if ((req.method !== 'GET' && req.method !== 'HEAD') || type === undefined || !names.has(req.path)) {
      next();
      return;
    }
    res.vary('Accept-Encoding');
    const encoding = (['br', 'gzip'] as const).find(
      (name) => req.acceptsEncodings(name) === name && names.has(`${req.path}${endings[name]}`),
    );
    if (encoding !== undefined) res.set('Content-Encoding', encoding);
    const file = `${req.path}${encoding === undefined ? '' : endings[encoding]}`;
    res.sendFile(file, {
      root: directory,
      cacheControl: false,
      headers: { 'Content-Type': type, 'Cache-Control': req.path.startsWith('/assets/') ? forEver : askFirst },
    });
  };
}

const endings = { br: '.br', gzip: '.gz' } as const;
