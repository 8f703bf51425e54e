import { readdirSync, readFileSync } from 'node:fs';
import { z } from 'zod';

/** A number, or a text such as `"{{saved}}+1"` that becomes one once its placeholders are filled. */
const count = z.union([z.int().nonnegative(), z.string()]);

const expectation = z.strictObject({
  status: z.array(z.int()).optional(),
  headers: z.record(z.string(), z.json()).optional(),
  body: z.json().optional(),
  absent: z.array(z.string()).optional(),
});

// Strict objects: a misspelt member must not silently switch a check off.
const step = z.strictObject({
  name: z.string(),
  method: z.string(),
  path: z.string(),
  headers: z.record(z.string(), z.string().nullable()).optional(),
  body: z.json().optional(),
  rawBody: z.string().optional(),
  needs: z.union([z.string(), z.array(z.string())]).optional(),
  repeat: count.optional(),
  forEach: z.string().optional(),
  parallel: count.optional(),
  expect: z.union([expectation, z.array(expectation)]).optional(),
  save: z.record(z.string(), z.string()).optional(),
  standing: z.boolean().optional(),
  why: z.string().optional(),
});

const scenario = z.array(step);

export type Json = z.infer<ReturnType<typeof z.json>>;
export type Count = z.infer<typeof count>;
export type Expectation = z.infer<typeof expectation>;
export type Step = z.infer<typeof step>;
export type Scenario = z.infer<typeof scenario>;

/** Reads a scenario, refusing members that the format (see ../README.md) does not know. */
export function parseScenario(value: unknown): Scenario {
  return scenario.parse(value);
}

/** Every scenario of a folder, by its file name without extension, in alphabetical order. */
export function readScenarios(folder: URL): { name: string; scenario: Scenario }[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .sort()
    .map((file) => ({
      name: file.slice(0, -'.json'.length),
      scenario: parseScenario(JSON.parse(readFileSync(new URL(file, folder), 'utf8'))),
    }));
}
