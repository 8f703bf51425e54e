import { useNavigate } from '@tanstack/react-router';

/**
 * Changes what the address says about this page: filters, the search word, the selected row. Undefined takes a
 * parameter out. Another filter means another list, so it starts at its first page, unless `keepPage`.
 */
export function useSearchChange(): (
  changes: Record<string, unknown>,
  options?: { replace?: boolean; keepPage?: boolean },
) => void {
  const navigate = useNavigate();
  return (changes, { replace = false, keepPage = false } = {}) => {
    void navigate({
      to: '.',
      search: (previous: Record<string, unknown>) => ({
        ...previous,
        ...(keepPage ? {} : { cursor: undefined }),
        ...changes,
      }),
      replace,
      resetScroll: false,
    });
  };
}
