import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Where Debian's package puts it; CHROMIUM_PATH names another one. */
export const chromiumPath = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';

const page = join(import.meta.dirname, '../../../dist/console/index.html');

/** What browser tests lack on this machine, for `describe.skipIf`; false: nothing. */
export const browserTestsLack: string | false = !existsSync(chromiumPath)
  ? `no Chromium at ${chromiumPath}`
  : !existsSync(page)
    ? 'the console is not built (npm run build:console)'
    : false;
