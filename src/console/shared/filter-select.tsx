import { Select } from '@mantine/core';

/** A choice among few; nothing chosen: all of them. */
export function FilterSelect({
  label,
  value,
  data,
  onChange,
  width = 150,
}: {
  label: string;
  value: string | undefined;
  data: { value: string; label: string }[];
  onChange: (value: string | undefined) => void;
  width?: number;
}) {
  return (
    <Select
      aria-label={label}
      placeholder={label}
      data={data}
      value={value ?? null}
      onChange={(choice) => onChange(choice ?? undefined)}
      searchable={data.length > 8}
      clearable
      clearButtonProps={{ 'aria-label': `${label}: show all` }}
      w={{ base: 'calc(50% - 0.375rem)', xs: width }}
    />
  );
}
