import { BarChart, LineChart } from '@mantine/charts';
import '@mantine/charts/styles.css';
import { SegmentedControl, SimpleGrid, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ActivityAnswer } from '../../contract/activity.ts';
import { EmptyState } from '../shared/empty-state.tsx';
import { ErrorState } from '../shared/error-state.tsx';
import { LoadingState } from '../shared/loading-state.tsx';
import { useSearchChange } from '../shared/search-change.ts';
import { Section } from '../shared/section.tsx';
import classes from './activity-charts.module.css';
import { durationWords } from './durations.ts';
import { activityQuery } from './operations-queries.ts';

const hour = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const dayAndHour = new Intl.DateTimeFormat(undefined, { weekday: 'short', hour: '2-digit' });

const byStatus = [
  { name: 'SUCCESS', label: 'Success', color: 'teal.6' },
  { name: 'SKIPPED', label: 'Skipped', color: 'gray.5' },
  { name: 'FAILED', label: 'Failed', color: 'red.6' },
];

const byShare = [
  { name: 'appliedP50Ms', label: 'Half of them within', color: 'blue.6' },
  { name: 'appliedP95Ms', label: '95 % within', color: 'grape.6' },
];

/** Two looks that say more than numbers: how much happened and how it ended, and how long changes took. */
export function ActivityCharts({ hours }: { hours: 24 | 168 }) {
  const { data, error, refetch } = useQuery(activityQuery(hours));
  const change = useSearchChange();
  return (
    <Section
      title="Activity"
      actions={
        <SegmentedControl
          size="xs"
          aria-label="How far back"
          data={[
            { value: '24', label: '24 hours' },
            { value: '168', label: '7 days' },
          ]}
          value={String(hours)}
          onChange={(value) => change({ hours: value === '24' ? undefined : 168 }, { keepPage: true, replace: true })}
        />
      }
    >
      {data === undefined && error === null && <LoadingState lines={5} />}
      {error !== null && <ErrorState error={error} onRetry={() => void refetch()} />}
      {data !== undefined && <Charts activity={data} />}
    </Section>
  );
}

function Charts({ activity }: { activity: ActivityAnswer }) {
  const total = activity.hours.reduce((sum, one) => sum + one.SUCCESS + one.SKIPPED + one.FAILED, 0);
  if (total === 0) return <EmptyState>Nothing happened in this time.</EmptyState>;
  const failed = activity.hours.reduce((sum, one) => sum + one.FAILED, 0);
  const slowest = Math.max(0, ...activity.hours.map(({ appliedP95Ms }) => appliedP95Ms ?? 0));
  const label = activity.hours.length > 24 ? dayAndHour : hour;
  const rows = activity.hours.map((one) => ({ ...one, hour: label.format(new Date(one.at)) }));
  const common = { h: 220, data: rows, dataKey: 'hour', withLegend: true, tickLine: 'none' } as const;
  return (
    <>
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="xl">
        <figure
          className={classes.chart}
          aria-label={`Operations an hour by status: ${total.toLocaleString()} in all, ${failed.toLocaleString()} failed`}
        >
          <Title order={3} size="h6" mb="sm">
            Operations an hour
          </Title>
          <BarChart {...common} type="stacked" series={byStatus} barProps={{ isAnimationActive: false }} />
        </figure>
        <figure
          className={classes.chart}
          aria-label={`From change to applied: in the slowest hour 95 percent within ${durationWords(slowest)}`}
        >
          <Title order={3} size="h6" mb="sm">
            From change to applied
          </Title>
          <LineChart
            {...common}
            series={byShare}
            curveType="linear"
            // An hour without changes took no time; it must not look as if it had.
            connectNulls={false}
            valueFormatter={durationWords}
            lineProps={{ isAnimationActive: false }}
          />
        </figure>
      </SimpleGrid>
      {!activity.complete && (
        <Text size="sm" c="dimmed" mt="sm">
          There is more than one look reads: hours before {label.format(new Date(activity.countedFrom))} are too low.
        </Text>
      )}
    </>
  );
}
