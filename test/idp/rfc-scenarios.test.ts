import { describeScenarios } from './describe-scenarios.ts';

describeScenarios(new URL('rfc-scenarios/', import.meta.url), { atLeast: 16 });
