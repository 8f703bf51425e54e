import type { Scenario } from './scenario.ts';
import { clockStepped } from './scenarios/clock-stepped.ts';
import { deliveriesRepeated } from './scenarios/deliveries-repeated.ts';
import { diskTrouble } from './scenarios/disk-trouble.ts';
import { apiKilled, workerKilled } from './scenarios/killed-at-syscall.ts';
import { partitions } from './scenarios/partition.ts';
import { postgresKilled } from './scenarios/postgres-killed.ts';
import { postgresRefuses } from './scenarios/postgres-refuses.ts';
import { queueWiped } from './scenarios/queue-wiped.ts';
import { redisComesBackEmpty, redisKilled, redisLosesPower } from './scenarios/redis-killed.ts';
import { redisTrouble } from './scenarios/redis-trouble.ts';
import { twoVersions, unknownJobKind } from './scenarios/two-versions.ts';
import { workerStalled } from './scenarios/worker-stalled.ts';

/** What the full run goes through, in the order of the catalogue. */
export const allScenarios: readonly Scenario[] = [
  apiKilled,
  workerKilled,
  postgresKilled,
  redisKilled,
  redisLosesPower,
  redisComesBackEmpty,
  queueWiped,
  ...redisTrouble,
  workerStalled,
  ...postgresRefuses,
  ...diskTrouble,
  clockStepped,
  ...partitions,
  twoVersions,
  unknownJobKind,
  deliveriesRepeated,
];
