import { Fragment } from 'react';
import classes from './outside-name.module.css';

/**
 * A name that came from outside: of any length, without a place to break, in any direction of writing. It never moves
 * what stands around it.
 *
 * @param short at most two lines, the whole on hover
 */
export function OutsideName({ children, short = false }: { children: string; short?: boolean }) {
  return (
    <bdi className={short ? `${classes.name} ${classes.short}` : classes.name} {...(short ? { title: children } : {})}>
      {/* Of an address the domain goes to the next line, not its last letters. */}
      {children.split(/(?<=@)/).map((part, index) => (
        <Fragment key={index}>
          {index > 0 && <wbr />}
          {part}
        </Fragment>
      ))}
    </bdi>
  );
}
