import { endpoints } from '../../../src/contract/endpoints.ts';

export const setupShape = endpoints.getSetup.answer.strict();
export const jobOutcomeShape = endpoints.getJobOutcome.answer.strict();
export const accessEndsShape = endpoints.getAccessEnds.answer.strict();
