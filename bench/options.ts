import { engineNames, type EngineName } from './servers/queue-engines.ts';
import { Command, InvalidArgumentError, Option } from 'commander';
import { polisPackage, polisVersion } from './polis/library.ts';

export const studies = ['access', 'mapping', 'initial-sync', 'fairness', 'scale-out', 'many-organizations'] as const;
export const contenderNames = ['rollcall', 'api', 'ceiling', 'limit', 'polis'] as const;

/** Not `polis`: it is installed when it is chosen. */
const defaultContenders: readonly (typeof contenderNames)[number][] = ['rollcall', 'api', 'ceiling', 'limit'];

export interface Processes {
  apis: number;
  workers: number;
}

/** As `--processes` has it. */
const usualProcesses = '1+1,1+2,1+4,2+1';

export interface Options {
  quick: boolean;
  /** Names, or beginnings of names; none: everything. */
  only: string[];
  contenders: string[];
  connections: number[];
  engine: EngineName | 'both';
  /** Of scale-out: numbers of api and worker processes. The first is what the others are compared with. */
  processes: Processes[];
  rounds: number;
  turnMs: number;
  /** Of the initial sync. */
  users: number;
  /** Of the big mapping and the resync. */
  members: number;
  json: string | null;
  /** Directory for CPU profiles of Rollcall's api process. */
  profile: string | null;
  /** Count what Rollcall's databases are asked. */
  statements: boolean;
  keep: boolean;
  /** A second checkout, built, that takes part: for before and after. */
  against: string | null;
}

/** @param names of everything that `--only` can choose */
export function parseOptions(words: readonly string[], names: readonly string[]): Options {
  const program = new Command('npm run bench --')
    .description(
      'Measures Rollcall (an api and a worker process) against the least program that does the same writes (the\n' +
        'ceiling) and bare SQL (the limit), on one Postgres that it starts, judging every answer and the stored state.',
    )
    .option('--quick', 'small sizes and short turns: about two minutes', false)
    .option('--only <names...>', `only these, by name or its beginning: ${names.join(', ')}`, [] as string[])
    .addOption(
      new Option(
        '--contenders <names...>',
        `who takes part in the ingress workloads; \`polis\` (${polisPackage} ${polisVersion}) is installed ` +
          "below the system's directory for temporary files when it is chosen",
      )
        .choices(contenderNames)
        .default(defaultContenders),
    )
    .option('--connections <numbers>', 'connections of the ingress workloads, separated by commas', numbers, [1, 16])
    .addOption(
      new Option(
        '--engine <name>',
        'where the queues are in the studies; `both`: Postgres and Redis, for scale-out a cluster too',
      )
        .choices([...engineNames, 'both'])
        .default('both'),
    )
    .addOption(
      new Option('--processes <numbers>', 'api+worker processes of scale-out, separated by commas')
        .argParser(processes)
        .default(processes(usualProcesses), usualProcesses),
    )
    .option('--rounds <number>', 'rounds of each ingress workload (5; quick: 2)', number)
    .option('--turn <ms>', 'length of one turn (2000; quick: 250)', number)
    .option('--users <number>', 'users of the initial sync (10000; quick: 300)', number)
    .option('--members <number>', 'members of the big mapping and users of the resync (100000; quick: 5000)', number)
    .option('--json <file>', 'write everything that was measured there')
    .option('--profile <directory>', 'write a CPU profile of each api process there (node --cpu-prof)')
    .option('--statements', 'show what Postgres is asked by Rollcall, and how long it plans and executes', false)
    .option('--against <directory>', 'another checkout, built, that takes part in the ingress workloads as `before`')
    .option('--keep', 'leave the data directory for a look at it', false);
  program.parse([...words], { from: 'user' });
  const given = program.opts<{
    quick: boolean;
    only: string[];
    contenders: string[];
    connections: number[];
    engine: Options['engine'];
    processes: Processes[];
    rounds?: number;
    turn?: number;
    users?: number;
    members?: number;
    json?: string;
    profile?: string;
    statements: boolean;
    against?: string;
    keep: boolean;
  }>();
  const wrong = given.only.find((name) => !names.some((known) => known.startsWith(name)));
  if (wrong !== undefined) program.error(`--only ${wrong}: there is ${names.join(', ')}`);
  const { quick, only, engine, keep, statements } = given;
  return {
    quick,
    only,
    engine,
    keep,
    statements,
    contenders: given.contenders,
    connections: given.connections,
    processes: given.processes,
    rounds: given.rounds ?? (quick ? 2 : 5),
    turnMs: given.turn ?? (quick ? 250 : 2_000),
    users: given.users ?? (quick ? 300 : 10_000),
    members: given.members ?? (quick ? 5_000 : 100_000),
    json: given.json ?? null,
    against: given.against ?? null,
    profile: given.profile ?? null,
  };
}

export function isChosen({ only }: Pick<Options, 'only'>, name: string): boolean {
  return only.length === 0 || only.some((beginning) => name.startsWith(beginning));
}

function number(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value <= 0) throw new InvalidArgumentError('must be a positive whole number');
  return value;
}

function numbers(text: string): number[] {
  return text.split(',').map(number);
}

function processes(text: string): Processes[] {
  return text.split(',').map((pair) => {
    const [apis = '', workers = ''] = pair.split('+');
    return { apis: number(apis), workers: number(workers) };
  });
}
