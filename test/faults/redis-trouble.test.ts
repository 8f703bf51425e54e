import { faultTests } from './fault-tests.ts';
import { redisTrouble } from './scenarios/redis-trouble.ts';

faultTests(redisTrouble);
