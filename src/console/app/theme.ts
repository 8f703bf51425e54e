import { createTheme, type CSSVariablesResolver } from '@mantine/core';

/** One look: system fonts (nothing is loaded from elsewhere), one accent, quiet surfaces. */
export const theme = createTheme({
  primaryColor: 'indigo',
  primaryShade: { light: 7, dark: 8 },
  autoContrast: true,
  defaultRadius: 'md',
  cursorType: 'pointer',
  respectReducedMotion: true,
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace',
  headings: { fontWeight: '650', sizes: { h1: { fontSize: '1.5rem' }, h2: { fontSize: '1.125rem' } } },
  components: {
    Tooltip: { defaultProps: { withArrow: true, openDelay: 200, events: { hover: true, focus: true, touch: true } } },
    // In a sentence a colour alone does not make a link.
    Anchor: { defaultProps: { underline: 'always' } },
    Drawer: {
      defaultProps: { padding: 'lg', overlayProps: { backgroundOpacity: 0.35 } },
      styles: { title: { fontWeight: 600, color: 'var(--mantine-color-dimmed)', fontSize: '0.875rem' } },
    },
    Modal: {
      defaultProps: { centered: true, overlayProps: { backgroundOpacity: 0.35 } },
      styles: { title: { fontWeight: 650, fontSize: '1.05rem', lineHeight: 1.35 } },
    },
  },
});

/** Mantine's own grey for secondary text is too pale for small print (WCAG 2.2, 1.4.3: 4.5 to 1). */
export const readableColors: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-dimmed': 'var(--mantine-color-gray-7)',
    '--mantine-color-placeholder': 'var(--mantine-color-gray-6)',
    // The same for words on a tinted ground: badges and notes.
    '--mantine-color-teal-light': 'var(--mantine-color-teal-0)',
    '--mantine-color-red-light': 'var(--mantine-color-red-0)',
    '--mantine-color-yellow-light': 'var(--mantine-color-yellow-0)',
    '--mantine-color-orange-light': 'var(--mantine-color-orange-0)',
    '--mantine-color-orange-light-color': '#9c3600',
    '--mantine-color-yellow-light-color': '#7a4a00',
    '--rollcall-page': 'var(--mantine-color-gray-0)',
  },
  dark: {
    '--mantine-color-dimmed': 'var(--mantine-color-dark-1)',
    // Mantine's own tints are loud on a dark page.
    ...Object.fromEntries(
      (['teal', 'red', 'yellow', 'orange', 'blue'] as const).map((color) => [
        `--mantine-color-${color}-light`,
        `color-mix(in srgb, var(--mantine-color-${color}-9) 28%, var(--mantine-color-dark-7))`,
      ]),
    ),
    '--rollcall-page': 'var(--mantine-color-dark-8)',
  },
});
