import { StatusBadge } from '../shared/status-badge.tsx';

export function ActiveBadge({ active }: { active: boolean }) {
  return <StatusBadge tone={active ? 'good' : 'neutral'}>{active ? 'Active' : 'Inactive'}</StatusBadge>;
}
