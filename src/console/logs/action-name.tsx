import { Code } from '@mantine/core';
import { Fragment } from 'react';
import classes from './action-name.module.css';

/** An action as the API and the exports call it; a long one goes on in the next line between two of its words. */
export function ActionName({ children }: { children: string }) {
  return (
    <Code className={classes.action}>
      {children.split(/(?<=_)/).map((word, index) => (
        <Fragment key={index}>
          {index > 0 && <wbr />}
          {word}
        </Fragment>
      ))}
    </Code>
  );
}
