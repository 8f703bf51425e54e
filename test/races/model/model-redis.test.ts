import { describeModel } from './describe-model.ts';

describeModel('redis');
