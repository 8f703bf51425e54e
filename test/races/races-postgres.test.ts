import { describeRaces } from './describe-races.ts';

describeRaces('postgres');
