import { Anchor, type AnchorProps } from '@mantine/core';
import { createLink } from '@tanstack/react-router';
import type { ComponentPropsWithRef } from 'react';

/** A link to a page of the console: the looks of `Anchor`, the typed addresses of the router. */
export const PageLink = createLink((props: Omit<ComponentPropsWithRef<'a'>, keyof AnchorProps> & AnchorProps) => (
  <Anchor {...props} />
));
