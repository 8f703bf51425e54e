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
      {children}
    </bdi>
  );
}
