import { Code, Collapse, UnstyledButton } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';

/** The details of an entry as the API has them, for whoever asks. */
export function EntryDetails({ details }: { details: Record<string, unknown> }) {
  const [opened, { toggle }] = useDisclosure(false);
  if (Object.keys(details).length === 0) return null;
  return (
    <>
      <UnstyledButton onClick={toggle} aria-expanded={opened} mt="xs" fz="sm" td="underline">
        {opened ? 'Hide the details' : 'All details'}
      </UnstyledButton>
      <Collapse expanded={opened}>
        <Code block mt="xs" tabIndex={0}>
          {JSON.stringify(details, null, 2)}
        </Code>
      </Collapse>
    </>
  );
}
