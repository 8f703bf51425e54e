import { faultTests } from './fault-tests.ts';
import { clockStepped } from './scenarios/clock-stepped.ts';

faultTests([clockStepped]);
