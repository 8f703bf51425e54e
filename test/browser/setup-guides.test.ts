import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { guides } from '../../src/console/setup/guides.ts';
import { providerNames, type ProviderName } from '../../src/console/setup/providers.ts';

const files: Readonly<Record<ProviderName, string>> = {
  okta: 'okta',
  entra: 'entra-id',
  onelogin: 'onelogin',
  jumpcloud: 'jumpcloud',
  pingone: 'pingone',
  google: 'google-workspace',
};

/** The page without markup, with one kind of apostrophe. */
async function pageOf(provider: ProviderName): Promise<string> {
  const text = await readFile(join(import.meta.dirname, `../../docs/setup/${files[provider]}.md`), 'utf8');
  return text.replaceAll(/[*_`]/g, '').replaceAll('’', "'").replaceAll(/\n +/g, ' ');
}

/** Rows of its tables, by the label of the field. */
function rowsOf(page: string): Map<string, string> {
  const rows = page.matchAll(/^\| ([^|]+?) \| ([^|]+?) \|/gm);
  return new Map([...rows].map(([, label = '', value = '']) => [label, value]));
}

describe.each(providerNames)('the set-up guide of the console and docs/setup agree: %s', (provider) => {
  const fields = guides[provider].steps.flatMap((step) => step.fields ?? []);

  test('every field of the guide is on the page, by the same label', async () => {
    const page = await pageOf(provider);
    expect(fields.map(({ label }) => label.replaceAll('’', "'")).filter((label) => !page.includes(label))).toEqual([]);
  });

  test.each([
    ['base-url', /^the SCIM base URL/],
    ['token', /^the token/],
  ] as const)('both put the same value into the same field: %s', async (type, words) => {
    const rows = rowsOf(await pageOf(provider));
    const onPage = [...rows].filter(([, value]) => words.test(value)).map(([label]) => label);
    expect(fields.filter(({ value }) => value.type === type).map(({ label }) => label)).toEqual(onPage);
  });
});
