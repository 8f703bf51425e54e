import { faultTests } from './fault-tests.ts';
import { partitions } from './scenarios/partition.ts';

faultTests(partitions.filter(({ times }) => times.small > 0));
