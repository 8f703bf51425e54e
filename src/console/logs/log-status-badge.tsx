import type { SyncLogStatus } from '../../contract/sync-log.ts';
import { StatusBadge, type Tone } from '../shared/status-badge.tsx';

const tones: Readonly<Record<SyncLogStatus, Tone>> = { SUCCESS: 'good', SKIPPED: 'neutral', FAILED: 'bad' };
export const statusWords: Readonly<Record<SyncLogStatus, string>> = {
  SUCCESS: 'Success',
  SKIPPED: 'Skipped',
  FAILED: 'Failed',
};

export function LogStatusBadge({ status }: { status: SyncLogStatus }) {
  return <StatusBadge tone={tones[status]}>{statusWords[status]}</StatusBadge>;
}
