import { faultTests } from './fault-tests.ts';
import { postgresKilled } from './scenarios/postgres-killed.ts';

faultTests([postgresKilled]);
