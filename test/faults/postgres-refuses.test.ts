import { faultTests } from './fault-tests.ts';
import { postgresRefuses } from './scenarios/postgres-refuses.ts';

faultTests(postgresRefuses);
