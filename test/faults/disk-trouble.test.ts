import { faultTests } from './fault-tests.ts';
import { diskTrouble } from './scenarios/disk-trouble.ts';

faultTests(diskTrouble);
