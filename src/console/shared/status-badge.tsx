import { Badge } from '@mantine/core';
import { IconAlertTriangle, IconCheck, IconClock, IconMinus, IconX, type Icon } from '@tabler/icons-react';

/** How something stands. Each has a colour *and* a word *and* a sign: none of them is needed to tell them apart. */
export type Tone = 'good' | 'neutral' | 'waiting' | 'warning' | 'bad';

const looks: Readonly<Record<Tone, { color: string; Sign: Icon }>> = {
  good: { color: 'teal', Sign: IconCheck },
  neutral: { color: 'gray', Sign: IconMinus },
  waiting: { color: 'blue', Sign: IconClock },
  warning: { color: 'orange', Sign: IconAlertTriangle },
  bad: { color: 'red', Sign: IconX },
};

/** The word in it is the API's or a person's own; `tone` says what it means. */
export function StatusBadge({ tone, children }: { tone: Tone; children: string }) {
  const { color, Sign } = looks[tone];
  return (
    <Badge
      color={color}
      variant="light"
      tt="none"
      radius="sm"
      // A table must not shorten a word that says how things stand.
      miw="max-content"
      leftSection={<Sign size={12} stroke={2.5} aria-hidden />}
    >
      {children}
    </Badge>
  );
}
