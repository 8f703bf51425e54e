import { z } from 'zod';

/** Whose turn it is after something failed. */
export const failureClasses = ['retry', 'admin', 'identity-provider'] as const;
export const failureClass = z.enum(failureClasses).meta({
  id: 'FailureClass',
  description: '`retry`: a retry helps. `admin`: an admin must act. `identity-provider`: the identity provider must.',
});
export type FailureClass = z.infer<typeof failureClass>;

/** The same in words, for log entries, tables and bull-board. */
export const failureClassWords: Readonly<Record<FailureClass, string>> = {
  retry: 'A retry helps',
  admin: 'An admin must act',
  'identity-provider': 'The identity provider must act',
};

export const failure = z
  .object({
    code: z.string().meta({ description: 'Stable, for programs.' }),
    class: failureClass,
    advice: z.string().meta({ description: 'What to do.' }),
  })
  .meta({ id: 'Failure' });
export type FailureAnswer = z.infer<typeof failure>;
