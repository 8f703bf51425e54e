import { faultTests } from './fault-tests.ts';
import { partitions } from './scenarios/partition.ts';

faultTests(partitions);
