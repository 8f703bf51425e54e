import { Alert, Stack, Text } from '@mantine/core';
import { IconInfoCircle } from '@tabler/icons-react';
import { CopyIcon } from '../shared/copy-field.tsx';
import classes from './guide-steps.module.css';
import type { FieldValue, Guide } from './providers.ts';

/** The steps of one provider, with this organization's values in its fields. */
export function GuideSteps({ guide, baseUrl }: { guide: Guide; baseUrl: string }) {
  return (
    <Stack gap="md">
      {guide.notice !== undefined && (
        <Alert color="yellow" icon={<IconInfoCircle aria-hidden />}>
          {guide.notice}
        </Alert>
      )}
      <ol className={classes.steps}>
        {guide.steps.map(({ title, text, fields }) => (
          <li key={title}>
            <Text fw={600}>{title}</Text>
            {text !== undefined && (
              <Text size="sm" c="dimmed">
                {text}
              </Text>
            )}
            {fields !== undefined && (
              <dl className={classes.fields}>
                {fields.map(({ label, value }) => (
                  <div key={label} className={classes.field}>
                    <dt>{label}</dt>
                    <dd>
                      <Value label={label} value={value} baseUrl={baseUrl} />
                    </dd>
                  </div>
                ))}
              </dl>
            )}
          </li>
        ))}
      </ol>
    </Stack>
  );
}

function Value({ label, value, baseUrl }: { label: string; value: FieldValue; baseUrl: string }) {
  if (value.type === 'token') return <em>your bearer token</em>;
  const text = value.type === 'base-url' ? baseUrl : value.text;
  return (
    <>
      <span className={value.type === 'base-url' ? classes.address : undefined}>{text}</span>
      {value.type === 'base-url' && <CopyIcon label={`Copy ${label}`} value={text} />}
    </>
  );
}
