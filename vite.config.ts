import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

/** Where `npm run dev:console` finds the service. */
const service = process.env['ROLLCALL_URL'] ?? 'http://127.0.0.1:3000';

export default defineConfig({
  root: 'src/console',
  plugins: [react(), compressFiles()],
  html: {
    // Each answer carries a value of its own in this place: src/http/console-files.ts.
    cspNonce: '__CSP_NONCE__',
  },
  build: {
    outDir: '../../dist/console',
    emptyOutDir: true,
    target: 'es2023',
    // Data URLs would have to be allowed by the content security policy.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 700,
  },
  server: {
    port: 5173,
    strictPort: true,
    // `changeOrigin` stays off: the service compares Origin with Host, and both name this server.
    proxy: Object.fromEntries(
      ['/api', '/queues', '/healthz', '/readyz'].map((path) => [path, { target: service, changeOrigin: false }]),
    ),
  },
});

/** Below this a compressed answer is hardly shorter. */
const leastBytes = 1_024;

/**
 * Puts `.br` and `.gz` beside every script and stylesheet of the build, so that no request pays for compressing. Of the
 * files as they were written: in the bundle Vite still changes them after every other plugin.
 */
function compressFiles(): Plugin {
  return {
    name: 'compress-files',
    apply: 'build',
    async writeBundle({ dir = '' }, bundle) {
      const files = Object.keys(bundle).filter((name) => /\.(js|css|svg)$/.test(name));
      for (const file of files.map((name) => join(dir, name))) {
        const source = await readFile(file);
        if (source.length < leastBytes) continue;
        await writeFile(`${file}.br`, brotliCompressSync(source, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }));
        await writeFile(`${file}.gz`, gzipSync(source));
      }
    },
  };
}
