import { z } from 'zod';
import { providerNames } from './providers.ts';

export const setupSearch = z.object({ provider: z.enum(providerNames).optional() });
