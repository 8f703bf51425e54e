import { randomBytes } from 'node:crypto';
import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { printJson } from '../print.ts';
import { makeDirectory } from './directory.ts';
import { entra } from './entra.ts';
import type { IdentityProvider } from './identity-provider.ts';
import { okta } from './okta.ts';
import { onelogin } from './onelogin.ts';
import { planChanges } from './plan-changes.ts';
import { printSummary } from './print-summary.ts';
import { noProgress, showProgress } from './progress.ts';
import { createRandom } from './random.ts';
import { createScimClient, UnexpectedAnswer } from './scim-client.ts';
import { createSimulation } from './simulation.ts';
import { createStatistics, type Summary } from './statistics.ts';

const providers = { okta, entra, onelogin } as const satisfies Record<string, IdentityProvider>;
export type ProviderName = keyof typeof providers;

export interface SimulateOptions {
  baseUrl: string;
  token: string;
  users: number;
  groups: number;
  /** People concerned by changes after the initial sync. */
  changes: number;
  seed: string;
  domain?: string;
  rate?: number;
  concurrency?: number;
}

const examples = `
Examples:
  $ rollcall simulate okta --base-url http://127.0.0.1:3000/api/v1/scim/ORGANIZATION/v2 --token rc_scim_...
  $ rollcall simulate entra --base-url URL --token TOKEN --users 2000 --groups 40 --rate 25
  $ rollcall simulate entra --base-url URL --token TOKEN --seed acme    # again: finds everybody, updates them

Exit code 1 when any answer was not what the identity provider expects.`;

/** `rollcall simulate okta|entra|onelogin`. */
export function simulateCommand(): Command {
  return new Command('simulate')
    .description("play an identity provider's sync against any SCIM base URL, in its own wire shapes")
    .addArgument(new Argument('<provider>', 'whose requests to send').choices(Object.keys(providers)))
    .requiredOption('--base-url <url>', 'SCIM base URL, as shown when directory sync was enabled', url)
    .addOption(
      new Option('--token <token>', 'bearer token of the organization')
        .env('ROLLCALL_SCIM_TOKEN')
        .makeOptionMandatory(),
    )
    .option('--users <n>', 'people of the company', wholeNumber, 50)
    .option('--groups <n>', 'groups of the company', wholeNumber, 6)
    .option('--changes <n>', 'people concerned by changes after the initial sync (default: a tenth)', wholeNumber)
    .option('--seed <text>', 'the same seed makes the same company (default: random)')
    .option('--domain <domain>', 'domain of the mail addresses (default: made from the seed)')
    .option('--rate <n>', 'at most so many requests per second', positiveNumber)
    .option('--concurrency <n>', "requests in flight (default: the provider's own)", positiveNumber)
    .option('--json', 'print the summary as JSON')
    .addHelpText('after', examples)
    .action(async (name: ProviderName, given: Omit<SimulateOptions, 'changes' | 'seed'> & GivenOptions) => {
      const seed = given.seed ?? randomBytes(3).toString('hex');
      const options = { ...given, seed, changes: given.changes ?? Math.ceil(given.users / 10) };
      const json = given.json === true;
      if (!json) process.stderr.write(`${providers[name].title}, seed ${seed}\n`);
      const summary = await simulate(name, options, json ? noProgress : showProgress());
      if (json) printJson(summary);
      else printSummary(summary);
      if (summary.unexpected.length > 0) process.exitCode = 1;
    });
}

interface GivenOptions {
  changes?: number;
  seed?: string;
  json?: true;
}

/** Plays one provider: connection test, initial sync, changes. An answer of any kind ends in the summary. */
export async function simulate(name: ProviderName, options: SimulateOptions, progress = noProgress): Promise<Summary> {
  const provider = providers[name];
  const random = createRandom(options.seed);
  const domain = options.domain ?? `${options.seed.toLowerCase().replaceAll(/[^a-z0-9-]/g, '') || 'company'}.example`;
  const directory = makeDirectory(options, domain, random);
  const statistics = createStatistics();
  const send = createScimClient({
    baseUrl: options.baseUrl,
    token: options.token,
    headers: provider.headers,
    contentType: provider.contentType,
    statistics,
    ...(options.rate === undefined ? {} : { ratePerSecond: options.rate }),
  });
  const concurrency = options.concurrency ?? provider.concurrency;
  const simulation = createSimulation({ provider, send, directory, concurrency, progress, statistics });
  try {
    await simulation.testConnection();
  } catch (error) {
    // Nothing else would be answered either.
    if (!(error instanceof UnexpectedAnswer)) throw error;
    statistics.recordUnexpected(error.message);
    return statistics.summary();
  }
  await simulation.syncUsers();
  await simulation.syncGroups();
  const { deletesUsers } = provider;
  await simulation.playChanges(planChanges(directory, options.changes, { domain, deletesUsers }, random), 'changes');
  return statistics.summary();
}

function url(text: string): string {
  if (!URL.canParse(text) || !/^https?:/i.test(text)) throw new InvalidArgumentError('It must be an http(s) URL.');
  return text;
}

function wholeNumber(text: string): number {
  if (!/^\d{1,7}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

function positiveNumber(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('It must be a number above 0.');
  return value;
}
