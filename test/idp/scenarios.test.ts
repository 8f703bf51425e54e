import { describeScenarios } from './describe-scenarios.ts';

describeScenarios(new URL('scenarios/', import.meta.url), { atLeast: 14 });
