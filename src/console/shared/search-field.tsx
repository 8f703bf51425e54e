import { CloseButton, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { useState } from 'react';
import { useSearchChange } from './search-change.ts';

/** Searches while one types. The word is `q` in the address. */
export function SearchField({ label, value }: { label: string; value: string | undefined }) {
  const change = useSearchChange();
  const [text, setText] = useState(value ?? '');
  const search = useDebouncedCallback((word: string) => {
    change({ q: word.trim() === '' ? undefined : word.trim() }, { replace: true });
  }, 250);
  const type = (word: string): void => {
    setText(word);
    search(word);
  };
  return (
    <TextInput
      type="search"
      aria-label={label}
      placeholder={label}
      value={text}
      onChange={(event) => type(event.currentTarget.value)}
      maxLength={200}
      flex="1 1 16rem"
      maw={{ base: '100%', xs: 420 }}
      leftSection={<IconSearch size={16} aria-hidden />}
      rightSection={
        text === '' ? null : <CloseButton size="sm" aria-label="Clear the search" onClick={() => type('')} />
      }
    />
  );
}
