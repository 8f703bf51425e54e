import { faultTests } from './fault-tests.ts';
import { apiKilled, workerKilled } from './scenarios/killed-at-syscall.ts';
import { postgresKilled } from './scenarios/postgres-killed.ts';
import { workerStalled } from './scenarios/worker-stalled.ts';

faultTests([apiKilled, workerKilled, postgresKilled, workerStalled]);
