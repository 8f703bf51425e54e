import { describeRaces } from './describe-races.ts';

describeRaces('redis');
