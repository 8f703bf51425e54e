import { z } from 'zod';

/** RFC 9457, the body of every error of the admin API. */
export const problem = z
  .object({
    type: z.string().meta({ description: 'Names the kind of problem: `urn:rollcall:problem:<code>`.' }),
    title: z.string(),
    status: z.int(),
    detail: z.string().meta({ description: 'What is wrong and what to do, for a person.' }),
    code: z.string().meta({ description: 'Stable and machine readable.' }),
    nextStep: z.string().optional().meta({ description: 'What to do, where `detail` does not say it.' }),
    requestId: z.string().optional().meta({ description: 'Name it when you ask for support.' }),
    errors: z
      .array(z.object({ field: z.string(), message: z.string() }))
      .optional()
      .meta({ description: 'One per field that is wrong.' }),
  })
  .loose()
  .meta({ id: 'Problem' });
export type Problem = z.infer<typeof problem>;
